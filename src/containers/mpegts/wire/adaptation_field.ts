/** The adaptation field of a transport packet (ISO/IEC 13818-1 §2.4.3.4). */
import { ParseError } from "../../../base/errors.ts";
import { wrapTimestamp } from "./timestamp.ts";

export interface AdaptationField {
  /** The continuity counter or the time base of this PID may jump here. */
  readonly discontinuity: boolean;
  /** Decoding of this PID can start with the PES packet that begins here. */
  readonly randomAccess: boolean;
  /** Program clock reference in 90 kHz ticks, 33 bits; its 27 MHz extension counts up to 300 within one tick. */
  readonly pcr?: { readonly base: number; readonly extension: number };
}

const discontinuityFlag = 0x80;
const randomAccessFlag = 0x40;
const pcrFlag = 0x10;
const pcrSize = 6;

/** `at` is the position of adaptation_field_length, `end` the end of the packet. Throws ParseError. */
export function parseAdaptationField(bytes: Uint8Array, at: number, end: number): AdaptationField {
  const length = bytes[at];
  if (at + 1 + length > end) throw new ParseError("adaptation_field_length", `${length} is too large`, at);
  if (length === 0) return { discontinuity: false, randomAccess: false };
  const flags = bytes[at + 1];
  const field = {
    discontinuity: (flags & discontinuityFlag) !== 0,
    randomAccess: (flags & randomAccessFlag) !== 0,
  };
  if ((flags & pcrFlag) === 0) return field;
  if (length < 1 + pcrSize) throw new ParseError("PCR", "is cut off", at + 2);
  const p = at + 2;
  const base = ((bytes[p] << 24 | bytes[p + 1] << 16 | bytes[p + 2] << 8 | bytes[p + 3]) >>> 0) * 2 +
    (bytes[p + 4] >> 7);
  return { ...field, pcr: { base, extension: (bytes[p + 4] & 1) << 8 | bytes[p + 5] } };
}

/** Bytes of the field without stuffing, its length byte included. */
export function adaptationFieldSize(field: AdaptationField): number {
  return field.pcr === undefined ? 2 : 2 + pcrSize;
}

/**
 * Writes a field of `size` bytes at `at`, its length byte included; what the content leaves is stuffing. Without
 * content (`null`) a field of one byte is possible.
 */
export function writeAdaptationField(
  out: Uint8Array,
  at: number,
  size: number,
  field: AdaptationField | null,
): void {
  out[at] = size - 1;
  if (size === 1) return;
  out[at + 1] = (field?.discontinuity ? discontinuityFlag : 0) |
    (field?.randomAccess ? randomAccessFlag : 0) |
    (field?.pcr !== undefined ? pcrFlag : 0);
  let p = at + 2;
  if (field?.pcr !== undefined) {
    const base = wrapTimestamp(field.pcr.base);
    const high = Math.floor(base / 2);
    out[p] = high >>> 24;
    out[p + 1] = high >>> 16;
    out[p + 2] = high >>> 8;
    out[p + 3] = high;
    out[p + 4] = base % 2 << 7 | 0x7e | field.pcr.extension >> 8;
    out[p + 5] = field.pcr.extension;
    p += pcrSize;
  }
  out.fill(0xff, p, at + size);
}
