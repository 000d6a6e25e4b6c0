/** Open bitstream units. */
import { ParseError } from "../../base/errors.ts";
import { leb128Size, parseLeb128, serializeLeb128 } from "./leb128.ts";

/** obu_type, AV1 §6.2.2. */
export const ObuType = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const;

const extensionFlag = 0x04;
const sizeFlag = 0x02;
/** The most OBUs that one temporal unit may have: bounds memory, far above any tile count. */
export const maxObus = 2048;

export function obuType(obu: Uint8Array): number {
  return (obu[0] >> 3) & 0x0f;
}

export function hasSizeField(obu: Uint8Array): boolean {
  return (obu[0] & sizeFlag) !== 0;
}

/** Bytes of obu_header(): 1, or 2 with extension. */
export function obuHeaderSize(obu: Uint8Array): number {
  return (obu[0] & extensionFlag) === 0 ? 1 : 2;
}

/** The same OBU without obu_size; the input itself where it has none. Throws ParseError. */
export function stripSizeField(obu: Uint8Array): Uint8Array {
  if (obu.length === 0) throw new ParseError("OBU", "is empty", 0);
  const headerSize = obuHeaderSize(obu);
  if (obu.length < headerSize) throw new ParseError("obu_extension_header", "is cut off", 1);
  if (!hasSizeField(obu)) return obu;
  const size = parseLeb128(obu, headerSize, "obu_size");
  const start = headerSize + size.size;
  const end = start + size.value;
  if (end > obu.length) {
    throw new ParseError("obu_size", `is ${size.value}, ${obu.length - start} bytes left`, headerSize);
  }
  const out = new Uint8Array(headerSize + size.value);
  out.set(obu.subarray(0, headerSize));
  out[0] &= ~sizeFlag;
  out.set(obu.subarray(start, end), headerSize);
  return out;
}

/** Temporal delimiters and tile lists have no place in RTP (§5 of its payload format) nor in our units. */
export function isDropped(obu: Uint8Array): boolean {
  const type = obuType(obu);
  return type === ObuType.temporalDelimiter || type === ObuType.tileList;
}

/**
 * Low-overhead bitstream format (AV1 §5.2; WebM, MP4 samples) → OBUs without size fields and temporal delimiters.
 * Throws ParseError.
 */
export function parseObuStream(bytes: Uint8Array): Uint8Array[] {
  const obus: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    let total = rest.length;
    // Only the last OBU may lack its size.
    if (hasSizeField(rest)) {
      const headerSize = obuHeaderSize(rest);
      const size = parseLeb128(rest, headerSize, "obu_size");
      total = headerSize + size.size + size.value;
      if (total > rest.length) {
        throw new ParseError("obu_size", `is ${size.value}, runs over the temporal unit`, at + headerSize);
      }
    }
    const obu = rest.subarray(0, total);
    if (!isDropped(obu)) {
      if (obus.length === maxObus) throw new ParseError("temporal unit", `has more than ${maxObus} OBUs`, at);
      obus.push(stripSizeField(obu));
    }
    at += total;
  }
  return obus;
}

/** The inverse, with size fields everywhere and without temporal delimiter. */
export function serializeObuStream(obus: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let total = 0;
  for (const obu of obus) {
    const size = obu.length - obuHeaderSize(obu);
    total += obu.length + leb128Size(size);
  }
  const out = new Uint8Array(total);
  let at = 0;
  for (const obu of obus) {
    const headerSize = obuHeaderSize(obu);
    const size = serializeLeb128(obu.length - headerSize);
    out.set(obu.subarray(0, headerSize), at);
    out[at] |= sizeFlag;
    out.set(size, at + headerSize);
    out.set(obu.subarray(headerSize), at + headerSize + size.length);
    at += obu.length + size.length;
  }
  return out;
}

export function findSequenceHeader(obus: readonly Uint8Array[]): Uint8Array | undefined {
  return obus.find((obu) => obuType(obu) === ObuType.sequenceHeader);
}

/** Encoders put a sequence header before every key frame where decoding may start. */
export function hasSequenceHeader(obus: readonly Uint8Array[]): boolean {
  for (const obu of obus) if (obuType(obu) === ObuType.sequenceHeader) return true;
  return false;
}
