/** How long to wait for an acknowledgement: RFC 9260 §6.3.1. */
const initialMs = 1000;
/** RFC 9260 says a second; browsers take less, as their paths are short and their peers acknowledge at once. */
const minMs = 400;
const maxMs = 10_000;

export class RetransmissionTimeout {
  #smoothed = 0;
  #variation = 0;
  #value = initialMs;

  get ms(): number {
    return this.#value;
  }

  /** Of a chunk that was sent once. */
  measure(roundTripMs: number): void {
    if (this.#smoothed === 0) {
      this.#smoothed = roundTripMs;
      this.#variation = roundTripMs / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - roundTripMs) - this.#variation) / 4;
      this.#smoothed += (roundTripMs - this.#smoothed) / 8;
    }
    this.#value = Math.min(maxMs, Math.max(minMs, this.#smoothed + 4 * this.#variation));
  }

  backOff(): void {
    this.#value = Math.min(maxMs, 2 * this.#value);
  }
}
