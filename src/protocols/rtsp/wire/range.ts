import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import { parseParameters } from "./parameters.ts";

/** RFC 2326 §3.6, seconds from the start; `now` is the live edge. */
export interface NptRange {
  readonly unit: "npt";
  readonly start?: number | "now";
  readonly end?: number;
}

/** RFC 2326 §3.7, milliseconds since 1970. */
export interface ClockRange {
  readonly unit: "clock";
  readonly start?: number;
  readonly end?: number;
}

/** RFC 2326 §3.5 */
export interface SmpteRange {
  readonly unit: "smpte" | "smpte-30-drop" | "smpte-25";
  readonly start?: SmpteTime;
  readonly end?: SmpteTime;
}

export interface SmpteTime {
  /** Whole seconds from the start. */
  readonly seconds: number;
  readonly frame: number;
  /** Hundredths of a frame. */
  readonly subframe: number;
}

/** The Range header (RFC 2326 §12.29); `time` is when it takes effect, in milliseconds since 1970. */
export type Range = (NptRange | ClockRange | SmpteRange) & { readonly time?: number };

export function parseRange(value: string): Range {
  const parameters = parseParameters(value, ";");
  const timeText = parameters.find(({ name }) => name.toLowerCase() === "time")?.value;
  const time = timeText === undefined ? {} : { time: parseClock(timeText) };
  for (const { name, value: text = "" } of parameters) {
    const unit = name.toLowerCase();
    switch (unit) {
      case "npt":
        return { unit, ...parseBounds(text, parseNpt, parseNptEnd), ...time };
      case "clock":
        return { unit, ...parseBounds(text, parseClock, parseClock), ...time };
      case "smpte":
      case "smpte-30-drop":
      case "smpte-25":
        return { unit, ...parseBounds(text, parseSmpte, parseSmpte), ...time };
    }
  }
  throw new ParseError("Range", `no npt, clock or smpte in ${quoted(value)}`);
}

function parseBounds<S, E>(
  text: string,
  parseStart: (text: string) => S,
  parseEnd: (text: string) => E,
): { start?: S; end?: E } {
  const dash = text.indexOf("-");
  const start = (dash < 0 ? text : text.slice(0, dash)).trim();
  const end = dash < 0 ? "" : text.slice(dash + 1).trim();
  if (start === "" && end === "") throw new ParseError("Range", `neither start nor end in ${quoted(text)}`);
  return {
    ...(start === "" ? {} : { start: parseStart(start) }),
    ...(end === "" ? {} : { end: parseEnd(end) }),
  };
}

/** Seconds, or `hours:minutes:seconds`, both with a fraction. */
function parseNpt(text: string): number | "now" {
  return text.toLowerCase() === "now" ? "now" : parseNptEnd(text);
}

function parseNptEnd(text: string): number {
  const found = /^(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})$/.exec(text);
  if (found === null) throw new ParseError("npt", `invalid time ${quoted(text)}`);
  return Number(found[1] ?? 0) * 3600 + Number(found[2] ?? 0) * 60 + Number(found[3]);
}

/** `20240229T235959.25Z` */
function parseClock(text: string): number {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d(?:\.\d{1,9})?)Z?$/i.exec(text);
  const millis = found === null
    ? NaN
    : Date.parse(`${found[1]}-${found[2]}-${found[3]}T${found[4]}:${found[5]}:${found[6]}Z`);
  if (Number.isNaN(millis)) throw new ParseError("clock", `invalid time ${quoted(text)}`);
  return millis;
}

/** `hours:minutes:seconds[:frames[.subframes]]` */
function parseSmpte(text: string): SmpteTime {
  const found = /^(\d{1,9}):(\d{1,2}):(\d{1,2})(?::(\d{1,3})(?:\.(\d{1,2}))?)?$/.exec(text);
  if (found === null) throw new ParseError("smpte", `invalid time ${quoted(text)}`);
  const seconds = Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]);
  return { seconds, frame: Number(found[4] ?? 0), subframe: Number(found[5] ?? 0) };
}

export function serializeRange(range: Range): string {
  const time = range.time === undefined ? "" : `;time=${clockText(range.time)}`;
  const bounds = <T>({ start, end }: { start?: T; end?: T }, text: (value: T) => string) =>
    `${start === undefined ? "" : text(start)}-${end === undefined ? "" : text(end)}`;
  switch (range.unit) {
    case "npt":
      return `npt=${
        bounds(range, (value: number | "now") => value === "now" ? value : decimalText(value))
      }${time}`;
    case "clock":
      return `clock=${bounds(range, clockText)}${time}`;
    default:
      return `${range.unit}=${bounds(range, smpteText)}${time}`;
  }
}

/** Without an exponent, to a nanosecond. */
function decimalText(value: number): string {
  const text = value.toFixed(9);
  return text.replace(/\.?0+$/, "");
}

function clockText(millis: number): string {
  const text = new Date(millis).toISOString().replace(/[-:]/g, "");
  return text.replace(/\.000Z$/, "Z");
}

function smpteText({ seconds, frame, subframe }: SmpteTime): string {
  const two = (value: number) => value.toString().padStart(2, "0");
  let text = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (frame > 0 || subframe > 0) text += `:${two(frame)}`;
  if (subframe > 0) text += `.${two(subframe)}`;
  return text;
}
