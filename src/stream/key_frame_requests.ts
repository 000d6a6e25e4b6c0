/** Readers' wishes for a key frame on their way to the publisher. */
import { hasPassed } from "../base/time.ts";

/** Asks the publisher's encoder for a key frame. */
export type KeyFrameHandler = (now: number) => void;

/** However many readers ask, encoders are asked no more often: a key frame costs many times an ordinary picture. */
export const keyFrameRequestPeriodMs = 300;

/**
 * Hands on the first request at once. What is asked for within the period after it is handed on when the period is
 * over, unless a key frame has come meanwhile.
 */
export class KeyFrameRequests {
  readonly #handlers = new Set<KeyFrameHandler>();
  #pending = false;
  #askedAt = -Infinity;

  /** A request waits for its turn. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Returns the undo. */
  serve(handler: KeyFrameHandler): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** False when nobody can be asked. `now` in milliseconds. */
  request(now: number): boolean {
    if (this.#handlers.size === 0) return false;
    this.#pending = true;
    this.tick(now);
    return true;
  }

  /** To be called with what the publisher sends: there is no timer here. */
  tick(now: number): void {
    if (!this.#pending || !hasPassed(keyFrameRequestPeriodMs, this.#askedAt, now)) return;
    this.#pending = false;
    this.#askedAt = now;
    for (const handler of this.#handlers) handler(now);
  }

  /** A key frame has come. */
  served(): void {
    this.#pending = false;
  }
}
