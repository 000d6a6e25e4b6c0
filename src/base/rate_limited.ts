import type { Logger } from "./logger.ts";
import { hasPassed } from "./time.ts";

/**
 * Gathers errors that can come with every packet and logs them at most once a period, with their count.
 * The first report after a quiet period is logged at once. Needs no timer: `now` comes with each call; what is
 * still pending is written by the next report or by `flush`.
 */
export class RateLimitedReport {
  #count = 0;
  #last = "";
  #loggedAt = -Infinity;

  constructor(
    private readonly logger: Logger,
    /** Makes the line out of the number of reports and the text of the last one. */
    private readonly line: (count: number, last: string) => string,
    private readonly periodMs = 1000,
  ) {}

  report(now: number, text = "", count = 1): void {
    this.#count += count;
    this.#last = text;
    if (hasPassed(this.periodMs, this.#loggedAt, now)) this.flush(now);
  }

  flush(now: number): void {
    if (this.#count === 0) return;
    this.#loggedAt = now;
    this.logger.warn(this.line(this.#count, this.#last));
    this.#count = 0;
  }
}

/** `decode error: x` or `5 decode errors, last was: x`. */
export function errorsLine(what: string): (count: number, last: string) => string {
  return (count, last) => count === 1 ? `${what}: ${last}` : `${count} ${what}s, last was: ${last}`;
}
