import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { rtcpHeaderSize, rtcpType, writeRtcpHeader } from "./header.ts";

export interface SourceDescriptionChunk {
  readonly ssrc: number;
  /** Empty when the chunk has none. At most 255 bytes of UTF-8. */
  readonly cname: string;
}

/** Source description (RFC 3550 §6.5). Items other than CNAME are skipped. */
export interface SourceDescription {
  readonly kind: "sourceDescription";
  readonly chunks: readonly SourceDescriptionChunk[];
}

const cnameItem = 1;
const endOfItems = 0;
const maxItemSize = 255;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function parseChunk(reader: ByteReader): SourceDescriptionChunk {
  const ssrc = reader.u32("SDES SSRC");
  let cname = "";
  // Cameras leave out the final zero bytes when the items end at a boundary of 32 bits.
  while (reader.remaining > 0) {
    const type = reader.u8("SDES item");
    if (type === endOfItems) break;
    const text = reader.view(reader.u8("SDES item length"), "SDES item");
    if (type === cnameItem) cname = decoder.decode(text);
  }
  const padding = -reader.offset & 3;
  reader.skip(Math.min(padding, reader.remaining), "SDES padding");
  return { ssrc, cname };
}

export function parseSourceDescription(reader: ByteReader, count: number): SourceDescription {
  return { kind: "sourceDescription", chunks: Array.from({ length: count }, () => parseChunk(reader)) };
}

function cnameBytes(chunk: SourceDescriptionChunk): Uint8Array {
  const bytes = encoder.encode(chunk.cname);
  return bytes.length > maxItemSize ? bytes.subarray(0, maxItemSize) : bytes;
}

/** At least one zero byte ends the items, as many as needed fill the last 32 bits. */
function chunkSize(cname: Uint8Array): number {
  return 4 + ((2 + cname.length) + 4 & ~3);
}

export function sourceDescriptionSize(message: SourceDescription): number {
  return message.chunks.reduce((size, chunk) => size + chunkSize(cnameBytes(chunk)), rtcpHeaderSize);
}

export function writeSourceDescription(writer: ByteWriter, message: SourceDescription): void {
  writeRtcpHeader(writer, message.chunks.length, rtcpType.sourceDescription, sourceDescriptionSize(message));
  for (const chunk of message.chunks) {
    const cname = cnameBytes(chunk);
    const end = writer.offset + chunkSize(cname);
    writer.u32(chunk.ssrc).u8(cnameItem).u8(cname.length).raw(cname);
    writer.offset = end;
  }
}
