/** Round-trip time: draft-sharabayko-srt §4.10. Microseconds. */

const initialRtt = 100_000;
const initialVariance = 50_000;
/** What a peer may make us believe: 10 s. */
const maxRtt = 10_000_000;

export class RttEstimator {
  value: number = initialRtt;
  variance: number = initialVariance;
  #measured = false;
  #own = false;

  /** From an acknowledgement of ours that was acknowledged. */
  measure(sample: number): void {
    this.#own = true;
    this.#take(sample);
  }

  /** What the peer has measured, which counts only where nothing can be measured here. */
  report(rtt: number, variance: number): void {
    if (this.#own) return;
    if (!this.#measured) {
      this.value = clamp(rtt);
      this.variance = clamp(variance);
      this.#measured = true;
      return;
    }
    this.#take(rtt);
  }

  #take(sample: number): void {
    const rtt = clamp(sample);
    if (!this.#measured) {
      this.#measured = true;
      this.value = rtt;
      this.variance = rtt / 2;
      return;
    }
    this.variance = (3 * this.variance + Math.abs(this.value - rtt)) / 4;
    this.value = (7 * this.value + rtt) / 8;
  }

  /** When what was sent should have been answered. */
  get timeout(): number {
    return this.value + 4 * this.variance;
  }
}

function clamp(value: number): number {
  return Math.max(1, Math.min(maxRtt, value));
}
