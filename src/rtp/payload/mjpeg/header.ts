import type { ByteReader } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";

/** RFC 2435 §3.1, with the restart interval of §3.1.7. */
export interface JpegRtpHeader {
  readonly fragmentOffset: number;
  /** 0 4:2:2, 1 4:2:0; without the 64 that stands for restart markers. */
  readonly type: number;
  readonly quality: number;
  /** Pixels, multiples of 8. */
  readonly width: number;
  readonly height: number;
  /** MCUs; 0 without restart markers. */
  readonly restartInterval: number;
}

/** From here on tables are sent in band. */
export const firstInBandQuality = 128;
export const restartType = 64;
const lastType = 1;
const lastTableQuality = 99;

/** Throws ParseError. */
export function parseJpegRtpHeader(reader: ByteReader): JpegRtpHeader {
  reader.skip(1, "type-specific");
  const fragmentOffset = reader.u24("fragment offset");
  const typeField = reader.u8("type");
  const quality = reader.u8("Q");
  const width = reader.u8("width") * 8;
  const height = reader.u8("height") * 8;
  const restarts = typeField >= restartType && typeField < 2 * restartType;
  const type = restarts ? typeField - restartType : typeField;
  if (type > lastType) throw new ParseError("type", `${typeField} is not supported`, reader.offset);
  if (quality === 0 || (quality > lastTableQuality && quality < firstInBandQuality)) {
    throw new ParseError("Q", `${quality} is reserved`, reader.offset);
  }
  if (width === 0 || height === 0) {
    throw new ParseError("width and height", "are above 2040 pixels", reader.offset);
  }
  let restartInterval = 0;
  if (restarts) {
    restartInterval = reader.u16("restart interval");
    reader.skip(2, "restart count");
  }
  return { fragmentOffset, type, quality, width, height, restartInterval };
}

/** RFC 2435 §3.1.8: the tables as views, none when the sender left them out. Throws ParseError. */
export function parseTableHeader(reader: ByteReader): Uint8Array[] {
  reader.skip(1, "MBZ");
  const precision = reader.u8("precision");
  const size = reader.u16("length");
  const end = reader.offset + size;
  const tables: Uint8Array[] = [];
  for (let i = 0; reader.offset < end; i++) {
    if (i === maxTables) {
      throw new ParseError("length", `${size} is more than ${maxTables} tables`, reader.offset);
    }
    tables.push(reader.view((precision >> i & 1) === 1 ? 128 : 64, "quantization table"));
  }
  return tables;
}

/** Types 0 and 1 use two. */
const maxTables = 4;
