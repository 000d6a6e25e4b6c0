/** JFIF images from what RTP carries. */
import { ByteWriter } from "../../base/bytes.ts";
import { Marker } from "./jpeg.ts";
import { huffmanTables } from "./tables.ts";

export interface JfifParameters {
  readonly width: number;
  readonly height: number;
  /** Sampling factors of the luminance: 4:2:2 is 2 and 1, 4:2:0 is 2 and 2. */
  readonly horizontal: number;
  readonly vertical: number;
  /** One table for all components, or one for luminance and one for chrominance; 64 or 128 bytes, zigzag order. */
  readonly quantizationTables: readonly Uint8Array[];
  /** 0: no DRI. */
  readonly restartInterval: number;
}

const app0Size = 18;
const sofSize = 19;
const driSize = 6;
const sosSize = 14;

function startSegment(out: ByteWriter, marker: number, length: number): void {
  out.u16(0xff00 | marker).u16(length);
}

function writeApp0(out: ByteWriter): void {
  startSegment(out, Marker.application0, app0Size - 2);
  // Version 1.2, aspect ratio 1:1, no thumbnail.
  out.ascii("JFIF").u8(0).u16(0x0102).u8(0).u16(1).u16(1).u16(0);
}

function writeHuffmanTables(out: ByteWriter): void {
  startSegment(out, Marker.huffmanTable, huffmanSize() - 2);
  for (const table of huffmanTables) {
    out.u8(table.tableClass << 4 | table.id).raw(table.lengths).raw(table.symbols);
  }
}

function huffmanSize(): number {
  return huffmanTables.reduce((sum, table) => sum + 17 + table.symbols.length, 4);
}

function writeStartOfFrame(out: ByteWriter, parameters: JfifParameters): void {
  const { width, height, horizontal, vertical, quantizationTables } = parameters;
  startSegment(out, Marker.startOfFrame0, sofSize - 2);
  out.u8(8).u16(height).u16(width).u8(3);
  const chroma = quantizationTables.length > 1 ? 1 : 0;
  out.u8(1).u8(horizontal << 4 | vertical).u8(0);
  out.u8(2).u8(0x11).u8(chroma);
  out.u8(3).u8(0x11).u8(chroma);
}

/** The whole image; `scan` is entropy-coded data with or without EOI. */
export function serializeJfif(
  parameters: JfifParameters,
  scan: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const { quantizationTables, restartInterval } = parameters;
  const dqtSize = quantizationTables.reduce((sum, table) => sum + 1 + table.length, 4);
  let scanSize = 0;
  for (const part of scan) scanSize += part.length;
  const out = new ByteWriter(
    2 + app0Size + dqtSize + sofSize + huffmanSize() + (restartInterval > 0 ? driSize : 0) + sosSize +
      scanSize + 2,
  );
  out.u16(0xff00 | Marker.startOfImage);
  writeApp0(out);
  startSegment(out, Marker.quantizationTable, dqtSize - 2);
  quantizationTables.forEach((table, id) => out.u8((table.length > 64 ? 0x10 : 0) | id).raw(table));
  writeStartOfFrame(out, parameters);
  writeHuffmanTables(out);
  if (restartInterval > 0) {
    startSegment(out, Marker.restartInterval, driSize - 2);
    out.u16(restartInterval);
  }
  startSegment(out, Marker.startOfScan, sosSize - 2);
  out.u8(3).u8(1).u8(0x00).u8(2).u8(0x11).u8(3).u8(0x11);
  out.u8(0).u8(63).u8(0);
  for (const part of scan) out.raw(part);
  const at = out.offset;
  const hasEnd = scanSize >= 2 && out.bytes[at - 2] === 0xff && out.bytes[at - 1] === Marker.endOfImage;
  if (!hasEnd) out.u16(0xff00 | Marker.endOfImage);
  return out.bytes.subarray(0, out.offset);
}
