/** Which record numbers have been seen: RFC 6347 §4.1.2.6. */
const windowSize = 64;

export class ReplayWindow {
  #highest = -1;
  readonly #seen = new Uint8Array(windowSize);

  /** False for numbers seen before and for those too old to tell. */
  isNew(sequence: number): boolean {
    if (sequence > this.#highest) return true;
    return sequence > this.#highest - windowSize && this.#seen[sequence % windowSize] === 0;
  }

  /** Only for what has proven authentic. */
  mark(sequence: number): void {
    if (sequence - this.#highest >= windowSize) this.#seen.fill(0);
    else for (let at = this.#highest + 1; at < sequence; at++) this.#seen[at % windowSize] = 0;
    this.#highest = Math.max(this.#highest, sequence);
    this.#seen[sequence % windowSize] = 1;
  }
}
