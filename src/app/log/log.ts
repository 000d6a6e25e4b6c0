/** The log of the process: one level, any number of destinations. */
import { createLogger, type Logger, type LogLevel } from "../../base/logger.ts";
import { LineDestination, type LogDestination, openFileDestination } from "./destination.ts";
import type { ByteSink } from "./line_writer.ts";
import { openSyslogDestination } from "./syslog.ts";

/** The keys `logLevel`, `logDestinations`, `logStructured`, `logFile` and `sysLogPrefix`. */
export interface LogSettings {
  readonly level: LogLevel;
  readonly destinations: readonly ("stdout" | "file" | "syslog")[];
  readonly structured: boolean;
  readonly file: string;
  readonly syslogPrefix: string;
}

/** What the log needs of the process. */
export interface LogHost {
  readonly stdout: ByteSink;
  /** True when standard output is a terminal and nobody asked for no colours. */
  readonly colors: boolean;
  now(): Date;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** https://no-color.org: set to anything but nothing. */
export const processLogHost: LogHost = {
  stdout: Deno.stdout,
  colors: Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR"),
  now: () => new Date(),
};

/** Owns its destinations; `close` ends them. */
export class Log {
  /** The logger without a prefix, from which the others are made. */
  readonly logger: Logger;
  /** May be changed at any time and applies to the next line. */
  level: LogLevel;
  readonly #destinations: LogDestination[] = [];

  /** Throws UserError when a destination cannot be opened. */
  constructor(settings: LogSettings, private readonly host: LogHost) {
    this.level = settings.level;
    this.logger = createLogger(
      (level, message) => this.#write(level, message),
      (level) => rank[level] >= rank[this.level],
    );
    try {
      for (const kind of new Set(settings.destinations)) this.#destinations.push(this.#open(kind, settings));
    } catch (error) {
      void this.close(0);
      throw error;
    }
  }

  #open(kind: LogSettings["destinations"][number], settings: LogSettings): LogDestination {
    const now = () => this.host.now();
    switch (kind) {
      case "stdout": {
        const style = { structured: settings.structured, colors: this.host.colors };
        return new LineDestination(this.host.stdout, style, now);
      }
      case "file":
        return openFileDestination(settings.file, settings.structured, now);
      case "syslog":
        return openSyslogDestination(settings.syslogPrefix, now);
    }
  }

  #write(level: LogLevel, message: string): void {
    const at = this.host.now();
    for (const destination of this.#destinations) destination.write(at, level, message);
  }

  /** Blocks until everything is written: only for a process that ends without having closed its log. */
  flushSync(): void {
    for (const destination of this.#destinations) destination.flushSync();
  }

  /** Writes what waits, at most for `deadlineMs`. Lines written afterwards are lost. */
  async close(deadlineMs: number): Promise<void> {
    await Promise.all(this.#destinations.splice(0).map((destination) => destination.close(deadlineMs)));
  }
}
