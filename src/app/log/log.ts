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

/** Settings that are ready to be used: `commit` or `cancel` must follow. */
export interface PreparedLog {
  /** From the next line on. */
  commit(): void;
  cancel(): void;
}

/** The log gets this long to write what waits for destinations that are replaced. */
const replacedDeadlineMs = 300;

/** Owns its destinations; `close` ends them. */
export class Log {
  /** The logger without a prefix, from which the others are made. */
  readonly logger: Logger;
  /** May be changed at any time and applies to the next line. */
  level: LogLevel;
  #settings: LogSettings;
  #destinations: LogDestination[] = [];

  /** Throws UserError when a destination cannot be opened. */
  constructor(settings: LogSettings, private readonly host: LogHost) {
    this.level = settings.level;
    this.#settings = settings;
    this.logger = createLogger(
      (level, message) => this.#write(level, message),
      (level) => rank[level] >= rank[this.level],
    );
    this.#destinations = this.#openAll(settings);
  }

  #openAll(settings: LogSettings): LogDestination[] {
    const opened: LogDestination[] = [];
    try {
      for (const kind of new Set(settings.destinations)) opened.push(this.#open(kind, settings));
      return opened;
    } catch (error) {
      for (const destination of opened) void destination.close(0);
      throw error;
    }
  }

  /** Opens what other settings need. Throws UserError when a destination cannot be opened; nothing has changed then. */
  prepare(settings: LogSettings): PreparedLog {
    const { level, ...places } = settings;
    const { level: _, ...current } = this.#settings;
    const same = JSON.stringify(places) === JSON.stringify(current);
    const opened = same ? [] : this.#openAll(settings);
    return {
      commit: () => {
        this.level = level;
        this.#settings = settings;
        if (same) return;
        const old = this.#destinations;
        this.#destinations = opened;
        for (const destination of old) void destination.close(replacedDeadlineMs);
      },
      cancel: () => {
        for (const destination of opened) void destination.close(0);
      },
    };
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
