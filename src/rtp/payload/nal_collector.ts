/** Puts the NAL units of one access unit together: common to H.264 and H.265. */
import { concat } from "../../base/bytes.ts";
import { maxNalUnits, splitAnnexB } from "../../codecs/nal/annexb.ts";
import { findStartCode } from "../../codecs/nal/start_code.ts";
import { type DepacketizeResult, maxUnitSize } from "./payload.ts";
import { ErrorList } from "./error_list.ts";

interface Fragments {
  readonly parts: Uint8Array[];
  size: number;
  /** Decoding order number, 0 where there is none. */
  readonly order: number;
  nextSequence: number;
}

export class NalCollector {
  readonly #units: Uint8Array[] = [];
  readonly #orders: number[] = [];
  readonly #errors = new ErrorList();
  #size = 0;
  #open: Fragments | null = null;
  #overflow = false;

  /** `drop`: which complete NAL units are left out, such as access unit delimiters. */
  constructor(readonly drop: (unit: Uint8Array) => boolean) {}

  error(text: string): void {
    this.#errors.add(text);
  }

  /** A complete NAL unit. Some cameras put a whole byte stream with start codes in its place: it is split. */
  add(unit: Uint8Array, order = 0): void {
    if (findStartCode(unit) < 0) {
      this.#push(unit, order);
      return;
    }
    try {
      for (const part of splitAnnexB(unit)) this.#push(part, order);
    } catch {
      this.#giveUp(`access unit has more than ${maxNalUnits} NAL units`);
    }
  }

  #push(padded: Uint8Array, order: number): void {
    // FFmpeg sends the first zero of the following start code along; a NAL unit never ends with a zero.
    let end = padded.length;
    while (end > 0 && padded[end - 1] === 0) end--;
    const unit = end === padded.length ? padded : padded.subarray(0, end);
    if (unit.length === 0 || this.drop(unit) || this.#overflow) return;
    if (this.#units.length === maxNalUnits) {
      this.#giveUp(`access unit has more than ${maxNalUnits} NAL units`);
    } else if (this.#size + unit.length > maxUnitSize) {
      this.#giveUp(`access unit is larger than ${maxUnitSize} bytes`);
    } else {
      this.#units.push(unit);
      this.#orders.push(order);
      this.#size += unit.length;
    }
  }

  #giveUp(text: string): void {
    this.#overflow = true;
    this.error(text);
  }

  /** The first fragment: `header` is the NAL unit header that the payload format took apart. */
  startFragments(header: Uint8Array, data: Uint8Array, sequence: number, order = 0): void {
    this.closeFragments();
    this.#open = {
      parts: [header, data],
      size: header.length + data.length,
      order,
      nextSequence: (sequence + 1) & 0xffff,
    };
  }

  /** A further fragment; a gap before it makes the NAL unit unusable. */
  continueFragments(data: Uint8Array, sequence: number): void {
    const open = this.#open;
    if (open === null) {
      this.error("start of a fragmented NAL unit is missing");
      return;
    }
    if (open.nextSequence !== sequence) {
      this.error("part of a fragmented NAL unit is missing");
      this.#open = null;
      return;
    }
    open.size += data.length;
    if (this.#size + open.size > maxUnitSize) {
      this.#giveUp(`access unit is larger than ${maxUnitSize} bytes`);
      this.#open = null;
      return;
    }
    open.parts.push(data);
    open.nextSequence = (sequence + 1) & 0xffff;
  }

  /** The last fragment has come. */
  endFragments(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    this.add(concat(open.parts), open.order);
  }

  /** Whatever follows is not a fragment of the NAL unit in progress. */
  closeFragments(): void {
    if (this.#open === null) return;
    this.error("end of a fragmented NAL unit is missing");
    this.#open = null;
  }

  /** `sort`: by decoding order number, which wraps at 16 bits. */
  finish(sort = false): DepacketizeResult {
    this.closeFragments();
    if (this.#overflow || this.#units.length === 0) return { payload: null, errors: this.#errors.list };
    const payload = sort ? this.#sorted() : this.#units;
    return { payload, errors: this.#errors.list };
  }

  #sorted(): Uint8Array[] {
    const first = this.#orders[0];
    // Distance from the first one as a signed 16-bit number, RFC 7798 §4.4.1 (AbsDon).
    const distances = this.#orders.map((order) => ((order - first) << 16) >> 16);
    const indices = distances.map((_, index) => index);
    indices.sort((a, b) => distances[a] - distances[b] || a - b);
    return indices.map((index) => this.#units[index]);
  }
}
