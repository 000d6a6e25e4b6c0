/**
 * Errors that nobody caught: defects of ours. One is logged with its stack, and the process goes on, since nearly
 * always it is one connection's task or callback that broke while hundreds of others are served. Exceptions that
 * leave nothing to go on with (no memory, a failed assertion of the engine) end the process without asking us.
 */
import type { Logger } from "../base/logger.ts";

/** A defect in a code path that every packet takes must not fill the disk. */
const reportPeriodMs = 1000;

/** Catches what nobody caught until disposed. */
export class DefectReporter implements Disposable {
  #reportedAt = -Infinity;
  #unreported = 0;

  constructor(private readonly logger: Logger, private readonly now: () => number) {
    globalThis.addEventListener("error", this.#onError);
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
  }

  #onError = (event: ErrorEvent) => {
    event.preventDefault();
    this.report(event.error);
  };

  #onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.report(event.reason);
  };

  /** At most one a second is written; the next one tells how many were not. */
  report(error: unknown): void {
    const now = this.now();
    if (now - this.#reportedAt < reportPeriodMs) {
      this.#unreported++;
      return;
    }
    this.#reportedAt = now;
    const more = this.#unreported === 0 ? "" : ` (and ${this.#unreported} more before it)`;
    this.#unreported = 0;
    this.logger.error(`unexpected error${more}, please report it: ${defectText(error)}`);
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("error", this.#onError);
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
  }
}

/** With the stack when there is one. */
export function defectText(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
