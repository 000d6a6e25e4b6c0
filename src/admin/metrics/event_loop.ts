/** How long the event loop keeps those waiting who are due. */
import { Scope } from "../../base/scope.ts";

const periodMs = 100;
/** One minute. */
const kept = 600;

/** Measures until `close`. */
export class EventLoopDelay {
  readonly #scope = new Scope();
  /** Milliseconds, in a ring. */
  readonly #delays = new Float64Array(kept);
  #count = 0;
  #due = performance.now() + periodMs;

  constructor() {
    this.#scope.every(periodMs, () => {
      const now = performance.now();
      this.#delays[this.#count++ % kept] = Math.max(0, now - this.#due);
      this.#due = now + periodMs;
    });
  }

  /** Seconds by quantile. */
  quantiles(): Readonly<Record<"0.5" | "0.99" | "1", number>> {
    const sorted = this.#delays.slice(0, Math.min(this.#count, kept)).sort();
    const at = (part: number) =>
      sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] / 1000;
    return { "0.5": at(0.5), "0.99": at(0.99), "1": at(1) };
  }

  /** Ends the timer. */
  close(): Promise<void> {
    return this.#scope.close();
  }
}
