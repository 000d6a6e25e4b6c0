/** Cursors over bytes. Big-endian unless the name ends in `Le`. */
import { ParseError } from "./errors.ts";

/** Reads from a view; every read checks the bound and names the field it was reading. */
export class ByteReader {
  readonly #view: DataView;
  offset = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  #take(size: number, field: string): number {
    const at = this.offset;
    if (size < 0 || at + size > this.bytes.length) {
      throw new ParseError(field, `needs ${size} bytes, ${this.bytes.length - at} left`, at);
    }
    this.offset = at + size;
    return at;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#take(2, field));
  }

  u24(field: string): number {
    const at = this.#take(3, field);
    return (this.bytes[at] << 16) | (this.bytes[at + 1] << 8) | this.bytes[at + 2];
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(4, field));
  }

  i32(field: string): number {
    return this.#view.getInt32(this.#take(4, field));
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field));
  }

  f64(field: string): number {
    return this.#view.getFloat64(this.#take(8, field));
  }

  u32Le(field: string): number {
    return this.#view.getUint32(this.#take(4, field), true);
  }

  /** A view, not a copy. */
  view(size: number, field: string): Uint8Array {
    const at = this.#take(size, field);
    return this.bytes.subarray(at, at + size);
  }

  /** Everything that is left, as a view. */
  rest(): Uint8Array {
    const at = this.offset;
    this.offset = this.bytes.length;
    return this.bytes.subarray(at);
  }

  skip(size: number, field: string): void {
    this.#take(size, field);
  }
}

/** Writes into a buffer whose size was computed beforehand; running over it is a defect and throws RangeError. */
export class ByteWriter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  offset = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(value: number): this {
    this.#view.setUint8(this.offset, value);
    this.offset += 1;
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.offset, value);
    this.offset += 2;
    return this;
  }

  u24(value: number): this {
    this.u8(value >>> 16 & 0xff);
    return this.u16(value & 0xffff);
  }

  u32(value: number): this {
    this.#view.setUint32(this.offset, value);
    this.offset += 4;
    return this;
  }

  u64(value: bigint): this {
    this.#view.setBigUint64(this.offset, value);
    this.offset += 8;
    return this;
  }

  f64(value: number): this {
    this.#view.setFloat64(this.offset, value);
    this.offset += 8;
    return this;
  }

  u32Le(value: number): this {
    this.#view.setUint32(this.offset, value, true);
    this.offset += 4;
    return this;
  }

  raw(value: Uint8Array): this {
    this.bytes.set(value, this.offset);
    this.offset += value.length;
    return this;
  }

  ascii(value: string): this {
    for (let i = 0; i < value.length; i++) this.u8(value.charCodeAt(i) & 0x7f);
    return this;
  }
}

/** Joins views into one new buffer. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const part of parts) size += part.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** True when both have the same bytes. Not constant time: see `timingSafeEqual` of node:crypto for secrets. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
