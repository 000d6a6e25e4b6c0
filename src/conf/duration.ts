/**
 * Durations as the configuration writes them: an optional number of days (`1d`), then hours, minutes, seconds, milliseconds,
 * microseconds and nanoseconds as in Go's `time.ParseDuration`. In memory a duration is a number of milliseconds.
 */
import { ParseError } from "../base/errors.ts";

const nanosPerMilli = 1_000_000n;
const nanosPerDay = 86_400_000_000_000n;
/** Go counts nanoseconds in a signed 64-bit integer: about 292 years. */
const maxNanos = 2n ** 63n - 1n;
const maxLength = 200;

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "µs": 1_000n, // U+00B5 micro sign
  "μs": 1_000n, // U+03BC Greek mu
  ms: nanosPerMilli,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const part = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

/** `1d12h`, `200ms`, `1.5s`, `-5m` → milliseconds. Empty text and `0` are zero. Throws ParseError. */
export function parseDuration(text: string): number {
  if (text.length > maxLength) throw new ParseError("duration", "is too long", maxLength);
  let rest = text;
  let days = 0n;
  const dayPrefix = /^(-?\d+)d/.exec(text);
  if (dayPrefix !== null) {
    days = BigInt(dayPrefix[1]);
    rest = text.slice(dayPrefix[0].length);
  }
  const clock = parseClock(rest, text.length - rest.length);
  const nanos = days < 0n ? days * nanosPerDay - clock : days * nanosPerDay + clock;
  if (nanos > maxNanos || nanos < -maxNanos) throw new ParseError("duration", "is out of range", 0);
  return millisFromNanos(nanos);
}

/** What follows the days, in nanoseconds. */
function parseClock(text: string, offset: number): bigint {
  if (text === "") return 0n;
  const sign = text[0] === "-" || text[0] === "+" ? 1 : 0;
  if (text.slice(sign) === "0") return 0n;
  let nanos = 0n;
  let at = sign;
  while (at < text.length) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (found === null || (found[1] === "" && (found[2] ?? "") === "")) {
      throw new ParseError("duration", "needs a number and a unit (h, m, s, ms, us, ns)", offset + at);
    }
    const unit = unitNanos[found[3]];
    const fraction = found[2] ?? "";
    nanos += BigInt(found[1]) * unit;
    // Whatever is smaller than a nanosecond is dropped, as Go does.
    if (fraction !== "") nanos += BigInt(fraction) * unit / 10n ** BigInt(fraction.length);
    at += found[0].length;
  }
  if (at === sign) throw new ParseError("duration", "has a sign only", offset);
  return text[0] === "-" ? -nanos : nanos;
}

/** Milliseconds → `1d12h0m0s`, `200ms`, `1.5s`; zero is empty text, as the API of MediaMTX writes it. */
export function formatDuration(millis: number): string {
  const nanos = nanosFromMillis(millis);
  const size = nanos < 0n ? -nanos : nanos;
  const days = size / nanosPerDay;
  const clock = size % nanosPerDay;
  return (nanos < 0n ? "-" : "") + (days > 0n ? `${days}d` : "") + (clock > 0n ? formatClock(clock) : "");
}

function formatClock(nanos: bigint): string {
  if (nanos < 1_000n) return `${nanos}ns`;
  if (nanos < nanosPerMilli) return `${decimal(nanos, 1_000n)}µs`;
  if (nanos < 1_000_000_000n) return `${decimal(nanos, nanosPerMilli)}ms`;
  const hours = nanos / unitNanos.h;
  const minutes = nanos % unitNanos.h / unitNanos.m;
  const seconds = `${decimal(nanos % unitNanos.m, unitNanos.s)}s`;
  if (hours > 0n) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${minutes}m${seconds}` : seconds;
}

/** `nanos / unit` without trailing zeros; `unit` is a power of ten. */
function decimal(nanos: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (nanos % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? `${nanos / unit}` : `${nanos / unit}.${fraction}`;
}

function millisFromNanos(nanos: bigint): number {
  return Number(nanos / nanosPerMilli) + Number(nanos % nanosPerMilli) / 1e6;
}

/** Whole and fractional milliseconds apart: their product with a million may leave the exact integers. */
function nanosFromMillis(millis: number): bigint {
  const whole = Math.trunc(millis);
  return BigInt(whole) * nanosPerMilli + BigInt(Math.round((millis - whole) * 1e6));
}
