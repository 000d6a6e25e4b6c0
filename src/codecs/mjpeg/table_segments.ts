/** DQT and DHT segments. */
import type { ByteReader } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";

/** ITU-T T.81 §B.2.4.1. */
export interface QuantizationTable {
  /** Tq: 0…3 */
  readonly id: number;
  /** 64 values in zigzag order, of 1 or (16-bit precision) 2 bytes each. */
  readonly values: Uint8Array;
}

/** ITU-T T.81 §B.2.4.2. */
export interface HuffmanSegment {
  /** Tc: 0 DC, 1 AC. */
  readonly tableClass: number;
  /** Th: 0…3 */
  readonly id: number;
  /** Number of codes of lengths 1…16. */
  readonly lengths: Uint8Array;
  readonly symbols: Uint8Array;
}

const maxTableId = 3;
const maxSymbols = 256;

function tableId(byte: number, field: string, reader: ByteReader): number {
  const id = byte & 0x0f;
  if (id > maxTableId) throw new ParseError(field, `is ${id}, at most ${maxTableId} allowed`, reader.offset);
  return id;
}

/** All of `segment`, as views; throws ParseError. */
export function parseQuantizationTables(segment: ByteReader): QuantizationTable[] {
  const tables: QuantizationTable[] = [];
  while (segment.remaining > 0) {
    const head = segment.u8("Pq and Tq");
    const precision = head >> 4;
    if (precision > 1) throw new ParseError("Pq", `is ${precision}`, segment.offset);
    tables.push({ id: tableId(head, "Tq", segment), values: segment.view(precision === 1 ? 128 : 64, "Qk") });
  }
  return tables;
}

/** All of `segment`, as views; throws ParseError. */
export function parseHuffmanTables(segment: ByteReader): HuffmanSegment[] {
  const tables: HuffmanSegment[] = [];
  while (segment.remaining > 0) {
    const head = segment.u8("Tc and Th");
    const id = tableId(head, "Th", segment);
    const lengths = segment.view(16, "Li");
    const count = lengths.reduce((sum, length) => sum + length, 0);
    if (count > maxSymbols) throw new ParseError("Li", `sum is ${count}`, segment.offset);
    tables.push({ tableClass: head >> 4, id, lengths, symbols: segment.view(count, "Vij") });
  }
  return tables;
}
