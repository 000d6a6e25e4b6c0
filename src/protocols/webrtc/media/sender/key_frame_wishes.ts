/** How often one reader may have the publisher asked for a key frame: each costs all others many times an ordinary picture. */
import { hasPassed } from "../../../../base/time.ts";
import { keyFrameRequestPeriodMs } from "../../../../stream/key_frame_requests.ts";

/** Requests that are passed on as fast as encoders may be asked. Repairing losses takes no more. */
const maxTokens = 5;
/** One more comes after this time, for a reader that asks all the time. */
const msPerToken = 2000;

/** A wish that may not be passed on yet is kept until it may, or until a key frame has been sent. Times in milliseconds. */
export class KeyFrameWishes {
  #tokens = maxTokens;
  #refilledAt: number | null = null;
  #passedOnAt = -Infinity;
  #open = false;

  /** A wish waits. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** The reader asks. True when its wish is to be passed on now. */
  ask(now: number): boolean {
    this.#open = true;
    return this.isDue(now);
  }

  /** True when an earlier wish is to be passed on now. */
  isDue(now: number): boolean {
    if (!this.#open || !hasPassed(keyFrameRequestPeriodMs, this.#passedOnAt, now)) return false;
    const elapsed = this.#refilledAt === null ? 0 : Math.max(0, now - this.#refilledAt);
    this.#refilledAt = now;
    this.#tokens = Math.min(maxTokens, this.#tokens + elapsed / msPerToken);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    this.#passedOnAt = now;
    this.#open = false;
    return true;
  }

  /** A key frame has been sent. */
  served(): void {
    this.#open = false;
  }
}
