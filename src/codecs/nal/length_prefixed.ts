/** NAL units behind their length: the samples of ISO/IEC 14496-15 (MP4, RTMP). */
import { ByteReader } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { maxNalUnits } from "./annexb.ts";

export type LengthSize = 1 | 2 | 4;

/** From the lowest two bits of `field` (lengthSizeMinusOne of the configuration records); throws ParseError. */
export function readLengthSize(field: number, offset: number): LengthSize {
  const size = (field & 3) + 1;
  if (size === 3) throw new ParseError("lengthSizeMinusOne", "is 2", offset);
  return size as LengthSize;
}

/** Views. Empty units are left out; throws ParseError. */
export function parseLengthPrefixed(bytes: Uint8Array, lengthSize: LengthSize = 4): Uint8Array[] {
  const reader = new ByteReader(bytes);
  const units: Uint8Array[] = [];
  while (reader.remaining > 0) {
    const size = lengthSize === 4
      ? reader.u32("NALUnitLength")
      : lengthSize === 2
      ? reader.u16("NALUnitLength")
      : reader.u8("NALUnitLength");
    const unit = reader.view(size, "NALUnit");
    if (size === 0) continue;
    if (units.length === maxNalUnits) {
      throw new ParseError("access unit", `has more than ${maxNalUnits} NAL units`, reader.offset);
    }
    units.push(unit);
  }
  return units;
}

/** With four-byte lengths. */
export function serializeLengthPrefixed(units: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const unit of units) size += 4 + unit.length;
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const unit of units) {
    view.setUint32(at, unit.length);
    out.set(unit, at + 4);
    at += 4 + unit.length;
  }
  return out;
}
