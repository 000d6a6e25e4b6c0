/**
 * Decoding times from presentation times, for codecs with reordered pictures.
 *
 * With a reorder depth of N (no picture is overtaken in decoding order by more than N later ones), the
 * (N + 1)-th largest presentation time seen so far is a decoding time: it never exceeds that of the picture just
 * received, and it grows with every picture. So neither look-ahead nor frame rate is needed, only N.
 */

/** ITU-T H.264 §A.3.1, H.265 §A.4.1: no decoded picture buffer holds more than 16 pictures. */
export const maxReorderDepth = 16;

/** Where a stream gives no frame rate: spacing of the decoding times before the first picture, in 1/s. */
const assumedFrameRate = 30;
/** A lower rate is not believed: parameter sets lie about it, and decoding times that are too close do no harm. */
const minFrameRate = 5;

export interface DtsResult {
  /** Clock ticks, never above the presentation time; null when the picture has no possible place: drop it. */
  readonly dts: number | null;
  /** One sentence when the stream contradicts itself; the result is usable all the same. */
  readonly warning: string | null;
}

export interface ReorderHint {
  /** N as the parameter sets state it; what is observed may raise it. */
  readonly depth: number;
  /** Frames per second, when the parameter sets have it. */
  readonly frameRate: number | null;
  /** N which the picture at hand is known to need, e.g. from gaps in the picture order counts. */
  readonly needed: number;
  /** No later picture is presented before this one (leading pictures apart). */
  readonly randomAccess: boolean;
}

/** The first decoding times lie up to N frames before the first presentation time, hence may be negative. */
export class DtsOrder {
  /** The largest presentation times, ascending. */
  #largest: number[] = [];
  #observed = 0;
  #last: number | null = null;

  constructor(readonly clockRate: number) {}

  place(pts: number, hint: ReorderHint): DtsResult {
    let warning: string | null = null;
    if (this.#last === null) {
      this.#start(pts, hint.frameRate);
    } else if (hint.randomAccess && pts <= this.#last) {
      warning = `presentation time ${pts} is behind decoding time ${this.#last}: starting anew`;
      this.#start(pts, hint.frameRate);
    }
    const overtaken = this.#insert(pts);
    if (overtaken > this.#observed) {
      this.#observed = Math.min(overtaken, maxReorderDepth);
      if (this.#observed > hint.depth && hint.depth > 0) {
        warning ??= `pictures are reordered by ${this.#observed}, the parameter set allows ${hint.depth}`;
      }
    }
    const depth = Math.min(maxReorderDepth, Math.max(hint.depth, this.#observed, hint.needed));
    let dts = this.#largest[this.#largest.length - 1 - depth];
    if (this.#last !== null && dts <= this.#last) dts = this.#last + 1;
    if (dts > pts) {
      warning ??= `presentation time ${pts} is behind decoding time ${dts}`;
      return { dts: null, warning };
    }
    this.#last = dts;
    return { dts, warning };
  }

  #start(pts: number, frameRate: number | null): void {
    const rate = Math.max(frameRate ?? assumedFrameRate, minFrameRate);
    const step = Math.max(1, Math.round(this.clockRate / rate));
    this.#largest = [];
    for (let i = maxReorderDepth; i > 0; i--) this.#largest.push(pts - i * step);
    this.#observed = 0;
    this.#last = null;
  }

  /** Returns how many of the earlier pictures are presented later. */
  #insert(pts: number): number {
    const list = this.#largest;
    let at = list.length;
    while (at > 0 && list[at - 1] > pts) at--;
    const overtaken = list.length - at;
    list.splice(at, 0, pts);
    if (list.length > maxReorderDepth + 1) list.shift();
    return overtaken;
  }
}
