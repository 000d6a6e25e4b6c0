/** One track of an MPEG-TS publisher: how its frames become units of the stream. */
import { rescale } from "../base/time.ts";
import { type Codec, isVideo } from "../codecs/codec.ts";
import { normalizeH264 } from "../codecs/h264/access_unit.ts";
import { normalizeH265 } from "../codecs/h265/access_unit.ts";
import { clockRate as mpegtsClockRate } from "../containers/mpegts/wire/timestamp.ts";
import type { RtpMedia } from "../rtp/format.ts";
import { payloadFormat } from "../rtp/payload/formats.ts";
import { payloadTypeOf } from "../rtp/payload_type.ts";
import { NtpEstimator } from "./timestamps.ts";
import type { Track } from "./track.ts";
import { Unit } from "./unit.ts";

/** RFC 7587 §4.1. */
const opusClockRate = 48_000;
/** Multiplexers round and jitter; audio that is no further off, in ms, follows the frame before without a gap. */
const audioJitterMs = 2;

/** Ticks per second of a track with that codec. */
export function trackClockRate(codec: Codec): number {
  switch (codec.name) {
    case "MPEG-4 Audio":
      return codec.config.sampleRate;
    case "MPEG-4 Audio LATM":
      return codec.config?.sampleRate ?? mpegtsClockRate;
    case "AC3":
      return codec.sampleRate;
    case "Opus":
      return opusClockRate;
    default:
      return mpegtsClockRate;
  }
}

/** What the path is told of the track. */
export function mediaOf(codec: Codec): RtpMedia {
  const kind = isVideo(codec) ? "video" : codec.name === "KLV" ? "application" : "audio";
  return { kind, formats: [{ codec, payloadType: payloadTypeOf(codec), clockRate: trackClockRate(codec) }] };
}

/** False as long as a reader could not set up a decoder. */
export function parametersKnown(codec: Codec): boolean {
  switch (codec.name) {
    case "H264":
      return codec.sps !== undefined && codec.pps !== undefined;
    case "H265":
      return codec.vps !== undefined && codec.sps !== undefined && codec.pps !== undefined;
    default:
      return true;
  }
}

/** Parameters that the payload carries in band. */
export function learnCodec(codec: Codec, payload: readonly Uint8Array[]): Codec {
  return payloadFormat(codec).updateCodec?.(payload, codec) ?? codec;
}

export class MpegtsTrack {
  readonly #ntp: NtpEstimator;
  /** The newest parameters, for key frames that come without. */
  #codec: Codec;
  /** Where an audio unit would begin that follows the last one without a gap. */
  #nextAudio: number | null = null;

  constructor(private readonly track: Track) {
    this.#codec = track.codec;
    this.#ntp = new NtpEstimator(track.clockRate);
  }

  /** True when the track can go on with another codec value: same name, same clock. */
  accepts(codec: Codec): boolean {
    return codec.name === this.track.codec.name && trackClockRate(codec) === this.track.clockRate;
  }

  change(codec: Codec): void {
    this.#codec = codec;
    this.track.codec = codec;
  }

  /** `time`: 90 kHz from the start of the stream. Null when nothing is left of the frame. */
  unit(payload: readonly Uint8Array[], time: number, now: number): Unit | null {
    const carried = this.#normalize(payload);
    if (carried.length === 0) return null;
    const { track } = this;
    const pts = this.#place(rescale(time, mpegtsClockRate, track.clockRate), carried);
    return Unit.fromPayload(track, pts, this.#ntp.estimate(pts, now), carried);
  }

  #normalize(payload: readonly Uint8Array[]): readonly Uint8Array[] {
    const codec = this.#codec = learnCodec(this.#codec, payload);
    switch (codec.name) {
      case "H264":
        return normalizeH264(payload, codec);
      case "H265":
        return normalizeH265(payload, codec);
      default:
        return payload;
    }
  }

  #place(stated: number, payload: readonly Uint8Array[]): number {
    const { clockRate, isVideo } = this.track;
    const format = payloadFormat(this.#codec);
    if (isVideo || format.duration === undefined) return stated;
    const next = this.#nextAudio;
    const tolerance = clockRate * audioJitterMs / 1000;
    const pts = next !== null && Math.abs(next - stated) <= tolerance ? next : stated;
    this.#nextAudio = pts + format.duration(payload, this.#codec, clockRate);
    return pts;
  }
}
