import { bytesEqual, ByteWriter, concat } from "../../../base/bytes.ts";
import type { MjpegCodec } from "../../../codecs/codec.ts";
import { type JpegImage, parseJpeg } from "../../../codecs/mjpeg/jpeg.ts";
import { huffmanTables } from "../../../codecs/mjpeg/tables.ts";
import type { RtpFragment } from "../../packet.ts";
import { restartType } from "./header.ts";

const maxSize = 2040;
const headerSize = 8;
const restartHeaderSize = 4;
const tableHeaderSize = 4;
/** Tables follow in each image. */
const inBandQuality = 255;
/** F, L and the count all set: packets are not aligned to restart intervals. */
const unalignedRestarts = 0xffff;

/** RFC 2435 §4.1; null for sampling that no type stands for. */
function rtpType({ components }: JpegImage): number | null {
  if (components.length !== 3) return null;
  const [y, cb, cr] = components;
  if (y.horizontal !== 2) return null;
  if (cb.horizontal !== 1 || cb.vertical !== 1 || cr.horizontal !== 1 || cr.vertical !== 1) return null;
  // Receivers assign the first table to luminance and the second to both others.
  if (cb.quantizationTable !== cr.quantizationTable) return null;
  return y.vertical === 1 ? 0 : y.vertical === 2 ? 1 : null;
}

/** Receivers assume the standard Huffman tables. */
function hasStandardHuffmanTables({ huffmanTables: own }: JpegImage): boolean {
  return own.every((table) =>
    huffmanTables.some((standard) =>
      standard.tableClass === table.tableClass && standard.id === table.id &&
      bytesEqual(standard.lengths, table.lengths) && bytesEqual(standard.symbols, table.symbols)
    )
  );
}

function usedTables(image: JpegImage): Uint8Array[] | null {
  // A later definition replaces an earlier one.
  const byId = new Map(image.quantizationTables.map((table) => [table.id, table.values]));
  const luminance = byId.get(image.components[0].quantizationTable);
  const chrominance = byId.get(image.components[1].quantizationTable);
  return luminance === undefined || chrominance === undefined ? null : [luminance, chrominance];
}

function tableHeader(tables: readonly Uint8Array[]): Uint8Array {
  const all = concat(tables);
  const out = new ByteWriter(tableHeaderSize + all.length);
  const precision = tables.reduce((bits, table, i) => bits | (table.length > 64 ? 1 << i : 0), 0);
  return out.u8(0).u8(precision).u16(all.length).raw(all).bytes;
}

function fragments(image: JpegImage, type: number, tables: Uint8Array, maxPayload: number): RtpFragment[] {
  const restarts = image.restartInterval > 0;
  const out: RtpFragment[] = [];
  for (let at = 0; at < image.scan.length;) {
    const header = new ByteWriter(headerSize + (restarts ? restartHeaderSize : 0));
    header.u8(0).u24(at).u8(type + (restarts ? restartType : 0)).u8(inBandQuality);
    header.u8(Math.ceil(image.width / 8)).u8(Math.ceil(image.height / 8));
    if (restarts) header.u16(image.restartInterval).u16(unalignedRestarts);
    const prefix = at === 0 ? [header.bytes, tables] : [header.bytes];
    const used = header.bytes.length + (at === 0 ? tables.length : 0);
    const room = Math.max(1, maxPayload - used);
    out.push({
      parts: [...prefix, image.scan.subarray(at, at + room)],
      marker: at + room >= image.scan.length,
    });
    at += room;
  }
  return out;
}

/**
 * An image that the format cannot carry gives no packets: larger than 2040 pixels, not baseline, other sampling than
 * 4:2:2 or 4:2:0, optimised Huffman tables. Headers and tables take up to 272 bytes of the first packet (144 with 8-bit
 * tables), whatever `maxPayload` says.
 */
export function packetizeMjpeg(
  payload: readonly Uint8Array[],
  _codec: MjpegCodec,
  maxPayload: number,
): RtpFragment[] {
  let image: JpegImage;
  try {
    image = parseJpeg(payload[0] ?? new Uint8Array());
  } catch {
    return [];
  }
  const type = rtpType(image);
  const tables = type === null ? null : usedTables(image);
  if (type === null || tables === null || !hasStandardHuffmanTables(image)) return [];
  if (image.width > maxSize || image.height > maxSize) return [];
  return fragments(image, type, tableHeader(tables), maxPayload);
}
