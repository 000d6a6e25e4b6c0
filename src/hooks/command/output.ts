/** What commands write, made into lines of the log. */
import type { Logger } from "../../base/logger.ts";

/** In characters; what is longer is cut. */
export const maxLineLength = 1024;
/** Of one command in one second; what is more is counted only. */
export const maxLinesPerSecond = 50;
/** Of one command; who writes more has to wait: reading all of it would take the processor from the streams. */
export const maxBytesPerSecond = 2 * 1024 * 1024;

/** Takes the bytes of one stream of a command. Commands that show their progress end their lines with CR. */
export class OutputLines {
  readonly #decoder = new TextDecoder();
  #line = "";
  #cut = false;

  constructor(private readonly write: (line: string) => void) {}

  push(bytes: Uint8Array): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): void {
    this.#take(this.#decoder.decode());
    this.#endLine();
  }

  #take(text: string): void {
    const parts = text.split(/[\r\n]/);
    parts.forEach((part, i) => {
      if (i > 0) this.#endLine();
      const room = maxLineLength - this.#line.length;
      if (part.length > room) this.#cut = true;
      this.#line += part.slice(0, room);
    });
  }

  #endLine(): void {
    if (this.#line !== "") this.write(this.#cut ? `${this.#line}…` : this.#line);
    this.#line = "";
    this.#cut = false;
  }
}

/** Writes lines of one command to the log, but not too many. */
export class OutputLog {
  #since = -Infinity;
  #lines = 0;
  #skipped = 0;
  #budgetSince = -Infinity;
  #bytes = 0;

  constructor(private readonly logger: Logger, private readonly now: () => number = Date.now) {}

  write(line: string): void {
    const now = this.now();
    if (now - this.#since >= 1000 || now < this.#since) {
      this.flush();
      this.#since = now;
      this.#lines = 0;
    }
    if (this.#lines++ < maxLinesPerSecond) this.logger.info(line);
    else this.#skipped++;
  }

  /** So many bytes were read: gives the milliseconds until more may be read. */
  spend(bytes: number): number {
    const now = this.now();
    // Clocks are set, too.
    if (now - this.#budgetSince >= 1000 || now < this.#budgetSince) {
      this.#budgetSince = now;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    return this.#bytes > maxBytesPerSecond ? this.#budgetSince + 1000 - now : 0;
  }

  /** Tells of lines that were skipped. */
  flush(): void {
    if (this.#skipped > 0) this.logger.info(`(${this.#skipped} more lines)`);
    this.#skipped = 0;
  }
}
