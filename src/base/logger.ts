/** What every part may know of logging. Destinations and formats are in `app/log/`. */

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** False when debug lines are thrown away: lets a caller skip building an expensive one. */
  readonly debugEnabled: boolean;
  /** A logger that puts `prefix` and a space in front of each message, e.g. `[RTSP]`. */
  child(prefix: string): Logger;
}

type Write = (level: LogLevel, message: string) => void;
type Enabled = (level: LogLevel) => boolean;

/** A logger over one function; `enabled` says which levels are wanted. */
export function createLogger(write: Write, enabled: Enabled, prefix = ""): Logger {
  return new PrefixLogger(write, enabled, prefix);
}

/** A class, since there is one for each connection: closures would take a kilobyte. */
class PrefixLogger implements Logger {
  readonly #write: Write;
  readonly #enabled: Enabled;
  readonly #prefix: string;

  constructor(write: Write, enabled: Enabled, prefix: string) {
    this.#write = write;
    this.#enabled = enabled;
    this.#prefix = prefix;
  }

  debug(message: string): void {
    this.#log("debug", message);
  }

  info(message: string): void {
    this.#log("info", message);
  }

  warn(message: string): void {
    this.#log("warn", message);
  }

  error(message: string): void {
    this.#log("error", message);
  }

  get debugEnabled(): boolean {
    return this.#enabled("debug");
  }

  child(text: string): Logger {
    return new PrefixLogger(this.#write, this.#enabled, `${this.#prefix}${text} `);
  }

  #log(level: LogLevel, message: string): void {
    if (this.#enabled(level)) this.#write(level, this.#prefix + message);
  }
}

/** Swallows everything. */
export const silentLogger: Logger = createLogger(() => {}, () => false);
