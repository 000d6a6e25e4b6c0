/** Sections of program specific information in their long form (ISO/IEC 13818-1 §2.4.4.10). */
import { ByteWriter } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import { crc32Mpeg } from "./crc32.ts";

/** table_id, ISO/IEC 13818-1 table 2-31. */
export const TableId = { pat: 0, pmt: 2 } as const;

/** §2.4.4.4, §2.4.4.9: section_length of the tables we read is at most 1021; private sections may have 4093. */
export const maxSectionSize = 1024;

const headerSize = 8;
const crcSize = 4;
const shortHeaderSize = 3;

export interface Section {
  readonly tableId: number;
  /** transport_stream_id of a PAT, program_number of a PMT. */
  readonly extension: number;
  /** 0…31 */
  readonly version: number;
  /** False: this is how the table will be, not how it is. */
  readonly current: boolean;
  readonly number: number;
  readonly lastNumber: number;
  readonly data: Uint8Array;
}

/** Bytes of the section that starts at `at`, or null when that cannot be told yet. */
export function sectionSize(bytes: Uint8Array, at: number): number | null {
  if (at + shortHeaderSize > bytes.length) return null;
  return shortHeaderSize + ((bytes[at + 1] & 0x0f) << 8 | bytes[at + 2]);
}

/** `bytes` is exactly one section; checks the CRC. Throws ParseError. */
export function parseSection(bytes: Uint8Array): Section {
  if (bytes.length < headerSize + crcSize) throw new ParseError("section_length", "is too small", 1);
  if ((bytes[1] & 0x80) === 0) throw new ParseError("section_syntax_indicator", "is 0", 1);
  if (crc32Mpeg(bytes) !== 0) throw new ParseError("CRC_32", "is wrong", bytes.length - crcSize);
  return {
    tableId: bytes[0],
    extension: bytes[3] << 8 | bytes[4],
    version: bytes[5] >> 1 & 0x1f,
    current: (bytes[5] & 1) !== 0,
    number: bytes[6],
    lastNumber: bytes[7],
    data: bytes.subarray(headerSize, bytes.length - crcSize),
  };
}

export function serializeSection(section: Section): Uint8Array<ArrayBuffer> {
  const size = headerSize + section.data.length + crcSize;
  if (size > maxSectionSize) throw new ParseError("section_length", `${size} bytes do not fit`);
  const writer = new ByteWriter(size);
  writer.u8(section.tableId).u16(0xb000 | size - shortHeaderSize).u16(section.extension);
  writer.u8(0xc0 | section.version << 1 | (section.current ? 1 : 0));
  writer.u8(section.number).u8(section.lastNumber).raw(section.data);
  writer.u32(crc32Mpeg(writer.bytes.subarray(0, size - crcSize)));
  return writer.bytes;
}
