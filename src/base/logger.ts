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

/** A logger over one function; `enabled` says which levels are wanted. */
export function createLogger(
  write: (level: LogLevel, message: string) => void,
  enabled: (level: LogLevel) => boolean,
  prefix = "",
): Logger {
  const log = (level: LogLevel, message: string) => {
    if (enabled(level)) write(level, prefix + message);
  };
  return {
    debug: (message) => log("debug", message),
    info: (message) => log("info", message),
    warn: (message) => log("warn", message),
    error: (message) => log("error", message),
    get debugEnabled() {
      return enabled("debug");
    },
    child: (text) => createLogger(write, enabled, `${prefix}${text} `),
  };
}

/** Swallows everything. */
export const silentLogger: Logger = createLogger(() => {}, () => false);
