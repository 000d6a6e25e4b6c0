/** Metadata access unit cells (ISO/IEC 13818-1 §2.12.4): how synchronous KLV is put into PES packets. */
import { ByteReader } from "../../../base/bytes.ts";
import { concat } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";

const cellHeaderSize = 5;
const firstFragment = 2;
const lastFragment = 1;
const wholeUnit = 3;

/** The metadata in one PES packet; several access units are joined. Throws ParseError. */
export function parseMetadataCells(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  const parts: Uint8Array[] = [];
  let sequence: number | null = null;
  do {
    const at = reader.offset;
    reader.skip(1, "metadata_service_id");
    const number = reader.u8("sequence_number");
    const fragment = reader.u8("cell_fragment_indication") >> 6;
    const size = reader.u16("AU_cell_data_length");
    const starts = fragment === firstFragment || fragment === wholeUnit;
    if (starts !== (sequence === null)) {
      throw new ParseError("cell_fragment_indication", `${fragment} is out of place`, at + 2);
    }
    if (sequence !== null && number !== (sequence + 1 & 0xff)) {
      throw new ParseError("sequence_number", `${number} does not follow ${sequence}`, at + 1);
    }
    parts.push(reader.view(size, "AU_cell_data"));
    sequence = fragment === lastFragment || fragment === wholeUnit ? null : number;
  } while (reader.remaining > 0);
  if (sequence !== null) throw new ParseError("metadata access unit", "is cut off", bytes.length);
  return parts.length === 1 ? parts[0] : concat(parts);
}

/** One cell that holds a whole access unit of at most 65,535 bytes: the header. */
export function serializeMetadataCellHeader(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(cellHeaderSize);
  // Random access indicator set, reserved bits set.
  bytes[2] = wholeUnit << 6 | 0x1f;
  bytes[3] = size >> 8;
  bytes[4] = size;
  return bytes;
}
