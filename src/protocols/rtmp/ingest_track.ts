import { bytesEqual } from "../../base/bytes.ts";
import { ParseError, UserError } from "../../base/errors.ts";
import { rescale } from "../../base/time.ts";
import { hasSequenceHeader, isDropped, parseObuStream } from "../../codecs/av1/obu.ts";
import { type Ac3Header, parseAc3Header } from "../../codecs/ac3/syncframe.ts";
import type { Codec } from "../../codecs/codec.ts";
import { normalizeH264 } from "../../codecs/h264/access_unit.ts";
import { normalizeH265 } from "../../codecs/h265/access_unit.ts";
import { parseMpeg1AudioHeader } from "../../codecs/mpeg1audio/frame_header.ts";
import { type LengthSize, parseLengthPrefixed } from "../../codecs/nal/length_prefixed.ts";
import { payloadFormat } from "../../rtp/payload/formats.ts";
import { NtpEstimator } from "../../stream/timestamps.ts";
import type { Track } from "../../stream/track.ts";
import { Unit } from "../../stream/unit.ts";
import { trackFromWire } from "./tracks/codec_from_wire.ts";
import type { Elementary, WireCodec } from "./tracks/elementary.ts";
import type { ProbedTrack } from "./tracks/probe.ts";

/** Frames of audio that one message may have. */
const maxAudioFrames = 64;
/** Audio timestamps in whole milliseconds are this far off at the most; further away they mean something. */
const audioJitterMs = 2;

/** One track of a publisher: what its messages carry, as units. */
export class IngestTrack {
  readonly #wireCodec: WireCodec;
  #lengthSize: LengthSize;
  /** The newest parameters: of a sequence header that came after the first. */
  #codec: Codec;
  /** Of audio: the last sequence header. */
  #config: Uint8Array | null = null;
  /** Where an audio unit would begin that follows the last one without a gap. */
  #nextAudio: number | null = null;

  /** `ntp`: counts milliseconds; one for all tracks, which its publisher has put in step. */
  constructor(readonly track: Track, probed: ProbedTrack, private readonly ntp: NtpEstimator) {
    this.#wireCodec = probed.wireCodec;
    this.#lengthSize = probed.lengthSize;
    this.#codec = track.codec;
  }

  /**
   * `time`: decoding time in ms from the start of the stream. Null: no unit comes of it. Throws ParseError, and UserError
   * when the track has become another one, which nobody could tell its readers.
   */
  receive(element: Elementary, time: number, now: number): Unit | null {
    if (element.part === "end") return null;
    this.#checkCodec(element);
    if (element.part === "config") {
      this.#configure(element);
      return null;
    }
    // Some encoders send empty frames to keep the connection alive.
    if (element.data.length === 0) return null;
    const payload = this.#payload(element);
    if (payload.length === 0) return null;
    const pts = this.#pts(time + element.compositionTime, payload);
    const ntp = this.ntp.estimate(pts * 1000 / this.track.clockRate, now);
    return Unit.fromPayload(this.track, pts, ntp, payload);
  }

  #checkCodec({ codec, media, trackId }: Elementary): void {
    if (isSameCodec(codec, this.#wireCodec)) return;
    const { name } = this.#wireCodec;
    const to = codec.name === name ? "other parameters" : codec.name;
    throw new UserError(`${media} track ${trackId} changes from ${name} to ${to}: publish anew`);
  }

  /**
   * A sequence header in the middle: video parameters go out in band, in front of the next key frame; those of audio,
   * which have no way in band, are known at once to those who ask from now on.
   */
  #configure(element: Elementary): void {
    const { media, trackId, data } = element;
    // Some encoders repeat it all the time.
    if (media === "audio" && this.#config !== null && bytesEqual(data, this.#config)) return;
    const found = trackFromWire(element);
    if (found === null) return;
    const { track } = this;
    if (found.clockRate !== track.clockRate) {
      const change = `from ${track.clockRate} Hz to ${found.clockRate} Hz`;
      throw new UserError(`${media} track ${trackId} changes ${change}: publish anew`);
    }
    this.#codec = found.codec;
    this.#lengthSize = found.lengthSize;
    if (media === "audio") {
      this.#config = data.slice();
      track.codec = found.codec;
    }
  }

  #pts(milliseconds: number, payload: readonly Uint8Array[]): number {
    const { track } = this;
    const { codec, clockRate } = track;
    const stated = rescale(milliseconds, 1000, clockRate);
    const format = payloadFormat(codec);
    if (track.isVideo || format.duration === undefined) return stated;
    // Milliseconds are too coarse for audio: frames that follow each other are put next to each other.
    const next = this.#nextAudio;
    const tolerance = clockRate * audioJitterMs / 1000;
    const pts = next !== null && Math.abs(next - stated) <= tolerance ? next : stated;
    this.#nextAudio = pts + format.duration(payload, codec, clockRate);
    return pts;
  }

  #payload({ data, key }: Elementary): Uint8Array[] {
    const codec = this.#codec;
    switch (codec.name) {
      case "H264": {
        const units = parseLengthPrefixed(data, this.#lengthSize);
        this.#keepParameters(units);
        return normalizeH264(units, codec);
      }
      case "H265": {
        const units = parseLengthPrefixed(data, this.#lengthSize);
        this.#keepParameters(units);
        return normalizeH265(units, codec);
      }
      case "AV1": {
        const obus = parseObuStream(data).filter((obu) => !isDropped(obu));
        this.#keepParameters(obus);
        const header = codec.sequenceHeader;
        return key && header !== undefined && !hasSequenceHeader(obus) ? [header, ...obus] : obus;
      }
      case "MPEG-1/2 Audio":
        return splitFrames(data, (rest) => parseMpeg1AudioHeader(rest)?.frameSize ?? null);
      case "AC3":
        return splitFrames(data, (rest) => frameSize(parseAc3Header(rest)));
      case "LPCM":
        return [codec.bitDepth === 16 ? swapBytes(data) : data];
      default:
        return [data];
    }
  }

  /** Sets that come in band, also in a message of their own, count until others come. */
  #keepParameters(units: readonly Uint8Array[]): void {
    this.#codec = payloadFormat(this.#codec).updateCodec!(units, this.#codec);
  }
}

function isSameCodec(a: WireCodec, b: WireCodec): boolean {
  if (a.name !== b.name) return false;
  if ("muLaw" in a && "muLaw" in b) return a.muLaw === b.muLaw && a.channelCount === b.channelCount;
  if (!("bitDepth" in a && "bitDepth" in b)) return true;
  return a.bitDepth === b.bitDepth && a.sampleRate === b.sampleRate && a.channelCount === b.channelCount;
}

function frameSize(header: Ac3Header | null): number | null {
  return header === null ? null : header.frameSize;
}

/** `sizeOf`: of the frame at the start; null when its header is not whole. */
function splitFrames(data: Uint8Array, sizeOf: (rest: Uint8Array) => number | null): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const size = sizeOf(data.subarray(at));
    if (size === null || at + size > data.length) throw new ParseError("audio frame", "is cut off", at);
    if (frames.length === maxAudioFrames) {
      throw new ParseError("audio message", `has more than ${maxAudioFrames} frames`, at);
    }
    frames.push(data.subarray(at, at + size));
    at += size;
  }
  return frames;
}

/** FLV has samples in little-endian order, RTP in network order. */
export function swapBytes(samples: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(samples.length & ~1);
  for (let i = 0; i < out.length; i += 2) {
    out[i] = samples[i + 1];
    out[i + 1] = samples[i];
  }
  return out;
}
