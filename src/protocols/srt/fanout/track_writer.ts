import { errorText, ParseError } from "../../../base/errors.ts";
import { rescale } from "../../../base/time.ts";
import { H264DtsExtractor } from "../../../codecs/h264/dts_extractor.ts";
import { H265DtsExtractor } from "../../../codecs/h265/dts_extractor.ts";
import type { DtsResult } from "../../../codecs/nal/dts_order.ts";
import type { MpegtsMuxer } from "../../../containers/mpegts/muxer.ts";
import { clockRate } from "../../../containers/mpegts/wire/timestamp.ts";
import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";

/** Times in MPEG-TS begin here, 10 s: clock references lie before the first frame, and players dislike negative ones. */
const timeOffset = 10 * clockRate;

interface Extractor {
  extract(accessUnit: readonly Uint8Array[], pts: number): DtsResult;
}

/** The units of one track → transport packets. */
export class TrackWriter {
  #extractor: Extractor | null = null;
  #anywhere = false;

  constructor(private readonly track: Track, private readonly muxer: MpegtsMuxer) {}

  /** Null when nothing of the unit can be sent: it is broken, or before the first frame that can be decoded. */
  write(unit: Unit): Uint8Array | null {
    const { payload } = unit;
    if (payload === null || payload.length === 0) return null;
    const { track } = this;
    const randomAccess = unit.randomAccess;
    const pts = rescale(unit.pts, track.clockRate, clockRate) + timeOffset;
    const dts = this.#decodingTime(payload, pts, randomAccess);
    if (dts === null) return null;
    try {
      return this.muxer.write(track, payload, pts, dts, randomAccess);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      track.reportError(errorText(error));
      return null;
    }
  }

  /** Pictures that are refreshed bit by bit have no frame to begin with. */
  startAnywhere(): void {
    this.#anywhere = true;
  }

  #decodingTime(payload: readonly Uint8Array[], pts: number, randomAccess: boolean): number | null {
    const { codec } = this.track;
    if (codec.name !== "H264" && codec.name !== "H265") return pts;
    if (this.#extractor === null) {
      if (!randomAccess && !this.#anywhere) return null;
      this.#extractor = codec.name === "H264"
        ? new H264DtsExtractor(clockRate, codec.sps)
        : new H265DtsExtractor(clockRate, codec.sps);
    }
    const { dts, warning } = this.#extractor.extract(payload, pts);
    if (warning !== null) this.track.reportError(warning);
    return dts;
  }
}
