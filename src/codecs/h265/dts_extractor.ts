/** Decoding times of H.265 access units. */
import { bytesEqual } from "../../base/bytes.ts";
import { errorText } from "../../base/errors.ts";
import { DtsOrder, type DtsResult, maxReorderDepth } from "../nal/dts_order.ts";
import { hasIrap, isPicture, NalType, nalType } from "./nal.ts";
import { type H265Sps, parseH265Sps } from "./sps.ts";

/** Takes access units in decoding order with their presentation times. Every H.265 SPS states the reorder depth. */
export class H265DtsExtractor {
  readonly #order: DtsOrder;
  #spsBytes: Uint8Array | null = null;
  #sps: H265Sps | null = null;

  /** `sps`: the NAL unit known from the session description, when there is one. */
  constructor(clockRate: number, sps?: Uint8Array) {
    this.#order = new DtsOrder(clockRate);
    if (sps !== undefined) this.#useSps(sps);
  }

  /**
   * Never throws: an SPS that cannot be parsed is told as a warning and taken as "not reordered". Parameter sets and
   * messages that come without a picture have no decoding time.
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
    const result = this.#order.place(pts, {
      depth: Math.min(this.#sps?.maxNumReorderPics ?? 0, maxReorderDepth),
      frameRate: this.#sps?.frameRate ?? null,
      needed: 0,
      randomAccess: hasIrap(accessUnit),
    });
    return warning === null ? result : { dts: result.dts, warning: result.warning ?? warning };
  }

  #useSps(unit: Uint8Array): string | null {
    if (this.#spsBytes !== null && bytesEqual(this.#spsBytes, unit)) return null;
    this.#spsBytes = unit.slice();
    try {
      this.#sps = parseH265Sps(unit);
      return null;
    } catch (error) {
      this.#sps = null;
      return errorText(error);
    }
  }
}
