/** Bit cursors, most significant bit first, with the Exp-Golomb codes of ITU-T H.264 §9.1 and LEB128 of AV1 §4.10.5. */
import { ParseError } from "./errors.ts";

const maxExpGolombZeros = 32;

export class BitReader {
  /** Position in bits from the start. */
  offset = 0;

  constructor(readonly bytes: Uint8Array) {}

  get remaining(): number {
    return this.bytes.length * 8 - this.offset;
  }

  /** Up to 53 bits as an unsigned number. */
  bits(count: number, field: string): number {
    if (count > this.remaining) {
      throw new ParseError(field, `needs ${count} bits, ${this.remaining} left`, this.offset >>> 3);
    }
    let value = 0;
    let left = count;
    while (left > 0) {
      const inByte = 8 - (this.offset & 7);
      const take = left < inByte ? left : inByte;
      const part = (this.bytes[this.offset >>> 3] >>> (inByte - take)) & ((1 << take) - 1);
      value = value * (1 << take) + part;
      this.offset += take;
      left -= take;
    }
    return value;
  }

  flag(field: string): boolean {
    return this.bits(1, field) === 1;
  }

  skip(count: number, field: string): void {
    if (count > this.remaining) {
      throw new ParseError(field, `needs ${count} bits, ${this.remaining} left`, this.offset >>> 3);
    }
    this.offset += count;
  }

  /** ue(v) */
  ue(field: string): number {
    let zeros = 0;
    while (!this.flag(field)) {
      if (++zeros > maxExpGolombZeros) {
        throw new ParseError(field, "Exp-Golomb code is too long", this.offset >>> 3);
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros, field);
  }

  /** se(v) */
  se(field: string): number {
    const code = this.ue(field);
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}

export class BitWriter {
  readonly #bytes: number[] = [];
  #free = 0;

  /** Up to 53 bits. */
  bits(count: number, value: number): this {
    for (let left = count; left > 0;) {
      if (this.#free === 0) {
        this.#bytes.push(0);
        this.#free = 8;
      }
      const take = left < this.#free ? left : this.#free;
      const part = Math.floor(value / 2 ** (left - take)) % 2 ** take;
      this.#bytes[this.#bytes.length - 1] |= part << (this.#free - take);
      this.#free -= take;
      left -= take;
    }
    return this;
  }

  flag(value: boolean): this {
    return this.bits(1, value ? 1 : 0);
  }

  /** The written bits, the last byte filled with zeros. */
  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}
