/** Sizes as the configuration writes them: `50M`, `1.5K`, `512KiB`. All units count in steps of 1024. */
import { ParseError } from "../base/errors.ts";

const units = "BKMGTPE";
const maxBytes = 2 ** 64;

/** Text → bytes; a fraction of a byte is dropped. Throws ParseError. */
export function parseSize(text: string): number {
  const found = /^\+?(\d+\.?\d*|\.\d+)(?:B|([KMGTPE])(?:I?B)?)$/.exec(text.trim().toUpperCase());
  if (found === null) {
    throw new ParseError("size", "needs a positive number and a unit (B, K, M, G, T, P, E), such as 50M");
  }
  const exponent = found[2] === undefined ? 0 : units.indexOf(found[2]);
  const bytes = Math.floor(Number(found[1]) * 1024 ** exponent);
  if (bytes >= maxBytes) throw new ParseError("size", "is out of range");
  return bytes;
}

/** Bytes → the largest unit that gives at least 1, with one decimal at most: `50M`, `1.5K`, `0B`. */
export function formatSize(bytes: number): string {
  let exponent = 0;
  while (exponent < units.length - 1 && bytes >= 1024 ** (exponent + 1)) exponent++;
  const tenths = roundHalfToEven(bytes / 1024 ** exponent * 10);
  const fraction = tenths % 10;
  return `${Math.floor(tenths / 10)}${fraction === 0 ? "" : `.${fraction}`}${units[exponent]}`;
}

/** Go prints floats so; `toFixed` rounds ties up. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
