import { ByteReader } from "../../../base/bytes.ts";
import { errorText, ParseError } from "../../../base/errors.ts";
import { quantizationTables } from "../../../codecs/mjpeg/tables.ts";
import { serializeJfif } from "../../../codecs/mjpeg/writer.ts";
import type { RtpPacket } from "../../packet.ts";
import { failed } from "../frame_joiner.ts";
import { type DepacketizeResult, maxUnitSize } from "../payload.ts";
import { firstInBandQuality, type JpegRtpHeader, parseJpegRtpHeader, parseTableHeader } from "./header.ts";

/** Luminance and, where given, chrominance. */
function readTables(header: JpegRtpHeader, reader: ByteReader): readonly Uint8Array[] {
  if (header.quality < firstInBandQuality) return quantizationTables(header.quality);
  const tables = parseTableHeader(reader);
  if (tables.length === 0) {
    throw new ParseError("quantization tables", "are not sent with the image", reader.offset);
  }
  return tables.slice(0, 2);
}

function endsWithEoi(part: Uint8Array): boolean {
  return part.length >= 2 && part[part.length - 2] === 0xff && part[part.length - 1] === 0xd9;
}

function readImage(packets: readonly RtpPacket[]): Uint8Array {
  let first: JpegRtpHeader | null = null;
  let tables: readonly Uint8Array[] = [];
  const scan: Uint8Array[] = [];
  let size = 0;
  for (const { payload } of packets) {
    const reader = new ByteReader(payload);
    const header = parseJpegRtpHeader(reader);
    if (header.fragmentOffset !== size) {
      throw new ParseError("fragment offset", `is ${header.fragmentOffset}, expected ${size}`);
    }
    if (first === null) {
      first = header;
      tables = readTables(header, reader);
    }
    const part = reader.rest();
    scan.push(part);
    size += part.length;
    if (size > maxUnitSize) throw new ParseError("image", `is larger than ${maxUnitSize} bytes`);
  }
  const last = packets[packets.length - 1];
  if (first === null || size === 0) throw new ParseError("image", "is empty");
  // A sender without marker bits still shows by EOI that nothing is missing.
  if (!last.marker && !endsWithEoi(scan[scan.length - 1])) throw new ParseError("image", "has no end");
  return serializeJfif({
    width: first.width,
    height: first.height,
    horizontal: 2,
    vertical: first.type === 1 ? 2 : 1,
    quantizationTables: tables,
    restartInterval: first.restartInterval,
  }, scan);
}

/** The packets of one image in sequence order; an image with a gap is dropped. */
export function depacketizeMjpeg(packets: readonly RtpPacket[]): DepacketizeResult {
  try {
    return { payload: [readImage(packets)], errors: [] };
  } catch (error) {
    return failed(errorText(error));
  }
}
