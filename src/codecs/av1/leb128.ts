/** leb128() of AV1 §4.10.5. */
import { ParseError } from "../../base/errors.ts";

/** Values above 32 bits are forbidden by the specification; so this many bytes suffice, padding included. */
const maxSize = 8;
const maxValue = 0xffffffff;

export interface Leb128 {
  readonly value: number;
  /** Bytes it took. */
  readonly size: number;
}

/** Throws ParseError. */
export function parseLeb128(bytes: Uint8Array, at: number, field: string): Leb128 {
  let value = 0;
  for (let i = 0; i < maxSize; i++) {
    if (at + i >= bytes.length) throw new ParseError(field, "ends inside a leb128 number", at);
    const byte = bytes[at + i];
    value += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) {
      if (value > maxValue) throw new ParseError(field, `leb128 number ${value} is above 32 bits`, at);
      return { value, size: i + 1 };
    }
  }
  throw new ParseError(field, `leb128 number is longer than ${maxSize} bytes`, at);
}

export function leb128Size(value: number): number {
  let size = 1;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80);
    size++;
  }
  return size;
}

/** The shortest form. */
export function serializeLeb128(value: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(leb128Size(value));
  for (let i = 0; i < out.length; i++) {
    out[i] = (value % 0x80) | (i + 1 < out.length ? 0x80 : 0);
    value = Math.floor(value / 0x80);
  }
  return out;
}
