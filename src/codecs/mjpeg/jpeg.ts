/** The headers of a baseline JPEG image. */
import { ByteReader } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import {
  type HuffmanSegment,
  parseHuffmanTables,
  parseQuantizationTables,
  type QuantizationTable,
} from "./table_segments.ts";

/** Second byte of the markers, ITU-T T.81 table B.1. */
export const Marker = {
  startOfFrame0: 0xc0,
  huffmanTable: 0xc4,
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  startOfScan: 0xda,
  quantizationTable: 0xdb,
  restartInterval: 0xdd,
  application0: 0xe0,
} as const;

export interface JpegComponent {
  readonly id: number;
  /** Sampling factors, 1…4. */
  readonly horizontal: number;
  readonly vertical: number;
  readonly quantizationTable: number;
}

export interface JpegImage {
  readonly width: number;
  readonly height: number;
  /** Sample precision is always 8. */
  readonly components: readonly JpegComponent[];
  readonly quantizationTables: readonly QuantizationTable[];
  /** Empty where the image relies on the standard tables. */
  readonly huffmanTables: readonly HuffmanSegment[];
  /** MCUs between restart markers; 0: none. */
  readonly restartInterval: number;
  /** Entropy-coded data behind SOS, without EOI; a view. */
  readonly scan: Uint8Array;
}

interface Frame {
  width: number;
  height: number;
  components: JpegComponent[];
}

/** ITU-T T.81 §B.2.2. */
function parseStartOfFrame(segment: ByteReader): Frame {
  const precision = segment.u8("P");
  if (precision !== 8) {
    throw new ParseError("P", `is ${precision}, only 8 bits are supported`, segment.offset);
  }
  const height = segment.u16("Y");
  const width = segment.u16("X");
  if (width === 0 || height === 0) throw new ParseError("SOF", "has no size", segment.offset);
  const count = segment.u8("Nf");
  const components: JpegComponent[] = [];
  for (let i = 0; i < count; i++) {
    const id = segment.u8("Ci");
    const sampling = segment.u8("Hi and Vi");
    components.push({
      id,
      horizontal: sampling >> 4,
      vertical: sampling & 0x0f,
      quantizationTable: segment.u8("Tqi"),
    });
  }
  return { width, height, components };
}

/** Finds the next marker and returns its second byte; fill bytes are skipped. */
function nextMarker(reader: ByteReader): number {
  if (reader.u8("marker") !== 0xff) {
    throw new ParseError("marker", "does not begin with ff", reader.offset - 1);
  }
  let code = reader.u8("marker");
  while (code === 0xff) code = reader.u8("marker");
  return code;
}

function isOtherFrame(marker: number): boolean {
  return marker > Marker.startOfFrame0 && marker <= 0xcf && marker !== Marker.huffmanTable && marker !== 0xc8;
}

function withoutEnd(scan: Uint8Array): Uint8Array {
  for (let end = scan.length - 2; end >= 0; end--) {
    if (scan[end] === 0xff && scan[end + 1] === Marker.endOfImage) return scan.subarray(0, end);
    // Cameras fill up behind EOI; anything else there means that EOI is missing.
    if (scan[end + 1] !== 0 && scan[end + 1] !== 0xff) break;
  }
  return scan;
}

/** A baseline image with one scan; throws ParseError. */
export function parseJpeg(bytes: Uint8Array): JpegImage {
  const reader = new ByteReader(bytes);
  if (nextMarker(reader) !== Marker.startOfImage) throw new ParseError("SOI", "is missing", 0);
  let frame: Frame | null = null;
  const quantizationTables: QuantizationTable[] = [];
  const huffmanTables: HuffmanSegment[] = [];
  let restartInterval = 0;
  for (;;) {
    const marker = nextMarker(reader);
    const size = reader.u16("segment length");
    const segment = new ByteReader(reader.view(size - 2, "segment"));
    if (marker === Marker.quantizationTable) quantizationTables.push(...parseQuantizationTables(segment));
    else if (marker === Marker.huffmanTable) huffmanTables.push(...parseHuffmanTables(segment));
    else if (marker === Marker.restartInterval) restartInterval = segment.u16("Ri");
    else if (marker === Marker.startOfFrame0) frame = parseStartOfFrame(segment);
    else if (isOtherFrame(marker)) {
      throw new ParseError("SOF", `ff${marker.toString(16)} is not baseline`, reader.offset);
    } else if (marker === Marker.startOfScan) break;
  }
  if (frame === null) throw new ParseError("SOF", "is missing", reader.offset);
  return { ...frame, quantizationTables, huffmanTables, restartInterval, scan: withoutEnd(reader.rest()) };
}
