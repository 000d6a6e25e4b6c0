/** Decoding times of H.264 access units. */
import { bytesEqual } from "../../base/bytes.ts";
import { errorText } from "../../base/errors.ts";
import { DtsOrder, type DtsResult, maxReorderDepth } from "../nal/dts_order.ts";
import { hasIdr, isPicture, NalType, nalType } from "./nal.ts";
import { PocGaps, PocReader } from "./poc.ts";
import { parseH264SliceStart } from "./slice_header.ts";
import { type H264Sps, parseH264Sps } from "./sps.ts";

/**
 * Takes access units in decoding order with their presentation times. The reorder depth comes from the VUI; without
 * one it is learned from gaps in the picture order counts, which squeezes the first decoding times together.
 */
export class H264DtsExtractor {
  readonly #order: DtsOrder;
  readonly #poc = new PocReader();
  readonly #gaps = new PocGaps();
  #spsBytes: Uint8Array | null = null;
  #sps: H264Sps | null = null;

  /** `sps`: the NAL unit known from the session description, when there is one. */
  constructor(clockRate: number, sps?: Uint8Array) {
    this.#order = new DtsOrder(clockRate);
    if (sps !== undefined) this.#useSps(sps);
  }

  /**
   * Never throws: what cannot be parsed is told as a warning and taken as "not reordered". Parameter sets and messages
   * that come without a picture have no decoding time.
   */
  extract(accessUnit: readonly Uint8Array[], pts: number): DtsResult {
    let warning: string | null = null;
    let hasPicture = false;
    for (const unit of accessUnit) {
      const type = nalType(unit);
      if (type === NalType.sps) warning = this.#useSps(unit) ?? warning;
      else hasPicture ||= isPicture(type);
    }
    if (!hasPicture) return { dts: null, warning };
    const idr = hasIdr(accessUnit);
    let needed = 0;
    try {
      needed = this.#neededDepth(accessUnit, idr);
    } catch (error) {
      warning ??= errorText(error);
    }
    const result = this.#order.place(pts, {
      depth: this.#statedDepth(),
      frameRate: this.#sps?.vui?.frameRate ?? null,
      needed,
      randomAccess: idr,
    });
    return warning === null ? result : { dts: result.dts, warning: result.warning ?? warning };
  }

  #statedDepth(): number {
    const sps = this.#sps;
    if (sps === null || sps.pocType === 2) return 0;
    return Math.min(sps.vui?.maxNumReorderFrames ?? 0, maxReorderDepth);
  }

  #neededDepth(accessUnit: readonly Uint8Array[], idr: boolean): number {
    const sps = this.#sps;
    // Type 1 serves streams with a fixed pattern and is next to unused: there only observation remains.
    if (sps === null || sps.pocType !== 0) return 0;
    if (typeof sps.vui?.maxNumReorderFrames === "number") return 0;
    for (const unit of accessUnit) {
      const type = nalType(unit);
      if (type !== NalType.slice && type !== NalType.idr) continue;
      const isReference = (unit[0] & 0x60) !== 0;
      const lsb = parseH264SliceStart(unit, sps).pocLsb;
      return this.#gaps.next(this.#poc.next(lsb, sps.log2MaxPocLsb, idr, isReference), idr);
    }
    return 0;
  }

  #useSps(unit: Uint8Array): string | null {
    if (this.#spsBytes !== null && bytesEqual(this.#spsBytes, unit)) return null;
    this.#spsBytes = unit.slice();
    try {
      this.#sps = parseH264Sps(unit);
      return null;
    } catch (error) {
      this.#sps = null;
      return errorText(error);
    }
  }
}
