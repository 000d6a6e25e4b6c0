/** Where lines go: standard output and files here, the system's log in `syslog.ts`. */
import { errorText, UserError } from "../../base/errors.ts";
import type { LogLevel } from "../../base/logger.ts";
import { formatPlain, formatStructured } from "./format.ts";
import { type ByteSink, LineWriter } from "./line_writer.ts";

/** One place that gets every line. */
export interface LogDestination {
  write(at: Date, level: LogLevel, message: string): void;
  /** For the last moment of a process: blocks. */
  flushSync(): void;
  /** Writes what waits, at most for `deadlineMs`, then lets go of the file or socket. */
  close(deadlineMs: number): Promise<void>;
}

/** Plain or structured lines into a sink, which `release` closes at the end. */
export class LineDestination implements LogDestination {
  readonly #writer: LineWriter;
  readonly #format: (at: Date, level: LogLevel, message: string) => string;

  constructor(
    sink: ByteSink,
    style: { readonly structured: boolean; readonly colors: boolean },
    now: () => Date,
    private readonly release: () => void = () => {},
  ) {
    this.#format = style.structured
      ? formatStructured
      : (at, level, message) => formatPlain(at, level, message, style.colors);
    this.#writer = new LineWriter(sink, (count) => this.#format(now(), "warn", droppedText(count)));
  }

  write(at: Date, level: LogLevel, message: string): void {
    this.#writer.write(this.#format(at, level, message));
  }

  flushSync(): void {
    this.#writer.flushSync();
  }

  async close(deadlineMs: number): Promise<void> {
    await this.#writer.close(deadlineMs);
    this.release();
  }
}

function droppedText(count: number): string {
  return count === 1
    ? "1 log line was dropped, its destination was too slow or failed"
    : `${count} log lines were dropped, their destination was too slow or failed`;
}

/** Appends to `path`, which is created with mode 0644. Throws UserError when it cannot be opened. */
export function openFileDestination(path: string, structured: boolean, now: () => Date): LogDestination {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { append: true, create: true, mode: 0o644 });
  } catch (error) {
    throw new UserError(`logFile '${path}' cannot be opened: ${errorText(error)}`);
  }
  return new LineDestination(file, { structured, colors: false }, now, () => file.close());
}
