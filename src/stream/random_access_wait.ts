import { hasPassed } from "../base/time.ts";

/**
 * How long a reader waits for a random access point: some encoders refresh pictures without any, and the video may have
 * stopped while the sound goes on.
 */
export const maxRandomAccessWaitMs = 10_000;

/** What a reader is not sent, because nothing of it could be decoded; but not for ever. */
export class RandomAccessWait {
  #active = false;
  #since: number | null = null;

  /** From here on the reader has nothing to decode with; without a time, from what comes next. */
  begin(now: number | null = null): void {
    this.#active = true;
    this.#since = now;
  }

  get active(): boolean {
    return this.#active;
  }

  /** Must what comes now be left out, too? Else the wait is over, in vain or not. */
  leavesOut(randomAccess: boolean, now: number): boolean {
    if (!this.#active) return false;
    this.#since ??= now;
    if (!randomAccess && !hasPassed(maxRandomAccessWaitMs, this.#since, now)) return true;
    this.#active = false;
    return false;
  }
}
