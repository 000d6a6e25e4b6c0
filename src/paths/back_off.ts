/** Pauses between attempts: they double from half a second to five, and vary so that many do not come at once. */

const firstPauseMs = 500;
/** What MediaMTX always waits. */
export const maxPauseMs = 5000;
/** A pause is shortened by up to that part. */
const jitter = 0.3;
/** Cameras lock accounts after a few wrong passwords. */
const firstRefusalPauseMs = 10_000;
export const maxRefusalPauseMs = 60_000;

export class BackOff {
  #next = firstPauseMs;
  #nextRefusal = firstRefusalPauseMs;

  /** `random`: from 0 to 1. */
  constructor(private readonly random: () => number = Math.random) {}

  /** The next pause, in milliseconds. */
  next(): number {
    const pauseMs = this.#next;
    this.#next = Math.min(pauseMs * 2, maxPauseMs);
    return Math.round(pauseMs * (1 - jitter * this.random()));
  }

  /** The pause after a refusal of credentials: from 10 to 60 s. */
  refused(): number {
    const pauseMs = this.#nextRefusal;
    this.#nextRefusal = Math.min(pauseMs * 2, maxRefusalPauseMs);
    return pauseMs;
  }

  /** All is well again. */
  reset(): void {
    this.#next = firstPauseMs;
    this.#nextRefusal = firstRefusalPauseMs;
  }
}
