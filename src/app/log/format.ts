/** How a line of the log looks. Every function here is pure; local time is that of the given date. */
import type { LogLevel } from "../../base/logger.ts";

/** The three letters that stand for a level, in plain lines and in structured ones. */
export const levelTags: Readonly<Record<LogLevel, string>> = {
  debug: "DEB",
  info: "INF",
  warn: "WAR",
  error: "ERR",
};

const grey = 90;
const levelColors: Readonly<Record<LogLevel, number>> = { debug: 36, info: 32, warn: 33, error: 31 };

/** `2026/01/31 09:05:07 INF message` and a newline. A message of several lines stays so. */
export function formatPlain(at: Date, level: LogLevel, message: string, colors: boolean): string {
  const date = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`;
  const time = `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const tag = levelTags[level];
  const head = colors ? `${paint(grey, time)} ${paint(levelColors[level], tag)}` : `${time} ${tag}`;
  return `${head} ${escapeControls(message)}\n`;
}

/** One JSON object and a newline, keys always in the order `timestamp`, `level`, `message`. */
export function formatStructured(at: Date, level: LogLevel, message: string): string {
  const timestamp = formatTimestamp(at);
  return `{"timestamp":"${timestamp}","level":"${levelTags[level]}","message":${JSON.stringify(message)}}\n`;
}

/** RFC 3339 with the local offset; the zeros at the end of the fraction are left out. */
export function formatTimestamp(at: Date): string {
  const offset = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + offset * 60_000).toISOString();
  const fraction = local.slice(19, 23).replace(/\.?0+$/, "");
  return local.slice(0, 19) + fraction + formatOffset(offset);
}

function formatOffset(minutes: number): string {
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/**
 * Messages carry text of peers: an escape sequence in it must not reach a terminal. Line ends and tabs stay,
 * since debug dumps are of several lines.
 */
export function escapeControls(message: string): string {
  return message.replaceAll("\r\n", "\n")
    .replace(/[^\P{Cc}\n\t]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function paint(color: number, text: string): string {
  return `\x1b[${color}m${text}\x1b[0m`;
}

function two(value: number): string {
  return value.toString().padStart(2, "0");
}
