import { hasPassed } from "../base/time.ts";

/**
 * How long a reader waits for a random access point: some encoders refresh pictures without any, and the video may have
 * stopped while the sound goes on.
 */
export const maxRandomAccessWaitMs = 10_000;

/** What a reader is not sent, because nothing of it could be decoded; but not for ever. */
export class RandomAccessWait {
  #since: number | null = null;

  /** From here on the reader has nothing to decode with. */
  begin(now: number): void {
    this.#since = now;
  }

  get active(): boolean {
    return this.#since !== null;
  }

  /** Must what comes now be left out, too? Else the wait is over, in vain or not. */
  leavesOut(randomAccess: boolean, now: number): boolean {
    if (this.#since === null) return false;
    if (!randomAccess && !hasPassed(maxRandomAccessWaitMs, this.#since, now)) return true;
    this.#since = null;
    return false;
  }
}
