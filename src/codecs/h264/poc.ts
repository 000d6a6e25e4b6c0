/** Picture order counts of type 0, and what their gaps say about reordering. */

/** ITU-T H.264 §8.2.1.1; memory_management_control_operation 5 is not followed. */
export class PocReader {
  #previousMsb = 0;
  #previousLsb = 0;

  next(lsb: number, log2Max: number, idr: boolean, isReference: boolean): number {
    if (idr) {
      this.#previousMsb = 0;
      this.#previousLsb = 0;
    }
    const max = 1 << log2Max;
    let msb = this.#previousMsb;
    if (lsb < this.#previousLsb && this.#previousLsb - lsb >= max / 2) msb += max;
    else if (lsb > this.#previousLsb && lsb - this.#previousLsb > max / 2) msb -= max;
    if (isReference) {
      this.#previousMsb = msb;
      this.#previousLsb = lsb;
    }
    return msb + lsb;
  }
}

/** Pictures between two anchors that are looked at: more than any encoder reorders. */
const maxGroup = 32;

/**
 * An anchor is a picture with the highest count so far. Between two anchors every count is used once, so a missing
 * one will be decoded later, and the pictures above it are those that overtake it. A lost picture looks the same,
 * but only until the next anchor.
 */
export class PocGaps {
  #floor = 0;
  #highest = 0;
  #group: number[] = [];
  /** Frames count by 2 (one per field) in nearly all streams; in the few that count by 1 the first odd count shows it. */
  #step = 2;

  /** Reorder depth that this picture proves to be needed. */
  next(poc: number, idr: boolean): number {
    if (idr) {
      this.#floor = poc;
      this.#highest = poc;
      this.#group = [];
      return 0;
    }
    if (poc % 2 !== 0) this.#step = 1;
    if (poc > this.#highest) {
      this.#floor = this.#highest;
      this.#highest = poc;
      this.#group = [poc];
    } else if (this.#group.length < maxGroup) {
      this.#group.push(poc);
    }
    let missing = this.#floor + this.#step;
    while (this.#group.includes(missing)) missing += this.#step;
    if (missing >= this.#highest) return 0;
    let above = 0;
    for (const other of this.#group) if (other > missing) above++;
    return above;
  }
}
