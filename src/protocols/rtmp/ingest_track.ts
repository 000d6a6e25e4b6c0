import { rescale } from "../../base/time.ts";
import { hasSequenceHeader, isDropped, parseObuStream } from "../../codecs/av1/obu.ts";
import { type Ac3Header, parseAc3Header } from "../../codecs/ac3/syncframe.ts";
import type { Codec, H264Codec, H265Codec } from "../../codecs/codec.ts";
import { hasIdr, NalType as H264Type, nalType as h264Type } from "../../codecs/h264/nal.ts";
import { hasIrap, isParameterSet, NalType as H265Type, nalType as h265Type } from "../../codecs/h265/nal.ts";
import { parseMpeg1AudioHeader } from "../../codecs/mpeg1audio/frame_header.ts";
import { type LengthSize, parseLengthPrefixed } from "../../codecs/nal/length_prefixed.ts";
import { ParseError, UserError } from "../../base/errors.ts";
import { payloadFormat } from "../../rtp/payload/formats.ts";
import { NtpEstimator } from "../../stream/timestamps.ts";
import type { Track } from "../../stream/track.ts";
import { Unit } from "../../stream/unit.ts";
import { trackFromWire } from "./tracks/codec_from_wire.ts";
import type { Elementary, WireCodec } from "./tracks/elementary.ts";

/** Frames of audio that one message may have. */
const maxAudioFrames = 64;
/** Audio timestamps in whole milliseconds are this far off at the most; further away they mean something. */
const audioJitterMs = 2;

/** One track of a publisher: what its messages carry, as units. */
export class IngestTrack {
  readonly #ntp: NtpEstimator;
  #lengthSize: LengthSize;
  /** The newest parameters: of a sequence header that came after the first. */
  #codec: Codec;
  /** What the publisher calls the codec; null before the first message. */
  #wireName: string | null = null;
  /** Where an audio unit would begin that follows the last one without a gap. */
  #nextAudio: number | null = null;

  constructor(readonly track: Track, lengthSize: LengthSize) {
    this.#ntp = new NtpEstimator(track.clockRate);
    this.#lengthSize = lengthSize;
    this.#codec = track.codec;
  }

  /**
   * `time`: decoding time in ms from the start of the stream. Null: no unit comes of it. Throws ParseError, and
   * UserError when the track becomes another one, as which no reader knows it.
   */
  receive(element: Elementary, time: number, now: number): Unit | null {
    if (element.part === "end") return null;
    const name = wireName(element.codec);
    this.#wireName ??= name;
    if (name !== this.#wireName) throw this.#changed(this.#wireName, name);
    if (element.part === "config") {
      this.#configure(element);
      return null;
    }
    // Some encoders send empty frames to keep the connection alive.
    if (element.data.length === 0) return null;
    const payload = this.#payload(element);
    if (payload.length === 0) return null;
    const pts = this.#pts(time + element.compositionTime, payload);
    return Unit.fromPayload(this.track, pts, this.#ntp.estimate(pts, now), payload);
  }

  /** A sequence header in the middle: its parameters go out in band, in front of the next key frame. */
  #configure(element: Elementary): void {
    const found = trackFromWire(element);
    if (found === null) return;
    const { clockRate } = this.track;
    if (found.clockRate !== clockRate) throw this.#changed(`${clockRate} Hz`, `${found.clockRate} Hz`);
    this.#codec = found.codec;
    this.#lengthSize = found.lengthSize;
    // What has no way in band is known at once to those who ask from now on.
    if (element.media === "audio") this.track.codec = found.codec;
  }

  #changed(from: string, to: string): UserError {
    return new UserError(`the publisher changes track ${this.track.id + 1} from ${from} to ${to}`);
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
        const payload = h264Payload(parseLengthPrefixed(data, this.#lengthSize), codec);
        // Sets that came in band count until others come.
        if (key) this.#codec = payloadFormat(codec).updateCodec!(payload, codec);
        return payload;
      }
      case "H265": {
        const payload = h265Payload(parseLengthPrefixed(data, this.#lengthSize), codec);
        if (key) this.#codec = payloadFormat(codec).updateCodec!(payload, codec);
        return payload;
      }
      case "AV1": {
        const obus = parseObuStream(data).filter((obu) => !isDropped(obu));
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
}

function wireName(codec: WireCodec): string {
  if ("muLaw" in codec) return codec.muLaw ? "µ-law" : "A-law";
  return codec.name;
}

function frameSize(header: Ac3Header | null): number | null {
  return header === null ? null : header.frameSize;
}

/** Parameter sets and delimiters are taken out, and the current parameter sets put in front of key frames. */
function h264Payload(units: readonly Uint8Array[], codec: H264Codec): Uint8Array[] {
  const key = hasIdr(units);
  let { sps, pps } = codec;
  const rest: Uint8Array[] = [];
  for (const unit of units) {
    const type = h264Type(unit);
    if (type === H264Type.sps) sps = unit;
    else if (type === H264Type.pps) pps = unit;
    else if (type !== H264Type.accessUnitDelimiter) rest.push(unit);
  }
  if (!key || rest.length === 0 || sps === undefined || pps === undefined) return rest;
  return [sps, pps, ...rest];
}

function h265Payload(units: readonly Uint8Array[], codec: H265Codec): Uint8Array[] {
  const key = hasIrap(units);
  let { vps, sps, pps } = codec;
  const rest: Uint8Array[] = [];
  for (const unit of units) {
    const type = h265Type(unit);
    if (type === H265Type.vps) vps = unit;
    else if (type === H265Type.sps) sps = unit;
    else if (type === H265Type.pps) pps = unit;
    else if (!isParameterSet(type) && type !== H265Type.accessUnitDelimiter) rest.push(unit);
  }
  if (!key || rest.length === 0 || vps === undefined || sps === undefined || pps === undefined) return rest;
  return [vps, sps, pps, ...rest];
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
