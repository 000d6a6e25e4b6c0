/** The byte stream format: ITU-T H.264 Annex B, ITU-T H.265 Annex B. */
import { ParseError } from "../../base/errors.ts";
import { findStartCode } from "./start_code.ts";

/** The most NAL units that one access unit may have: bounds memory, far above any slice count seen. */
export const maxNalUnits = 4096;

/**
 * NAL units between start codes, as views, without the zeros around them. Bytes before the first start code are a
 * NAL unit too: cameras that leave out the first one exist. Throws ParseError above `maxNalUnits`.
 */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let start = 0;
  while (start < bytes.length) {
    const code = findStartCode(bytes, start);
    const next = code < 0 ? bytes.length : code;
    let end = next;
    // trailing_zero_8bits and zero_byte belong to no NAL unit; a NAL unit never ends with a zero.
    while (end > start && bytes[end - 1] === 0) end--;
    if (end > start) {
      if (units.length === maxNalUnits) {
        throw new ParseError("access unit", `has more than ${maxNalUnits} NAL units`, start);
      }
      units.push(bytes.subarray(start, end));
    }
    start = code < 0 ? bytes.length : code + 3;
  }
  return units;
}

/** With four-byte start codes. */
export function serializeAnnexB(units: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const unit of units) size += 4 + unit.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const unit of units) {
    out[at + 3] = 1;
    out.set(unit, at + 4);
    at += 4 + unit.length;
  }
  return out;
}
