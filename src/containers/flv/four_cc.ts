/** Codec names of Enhanced RTMP: four ASCII characters. */
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";

/** Of codecs we know; others are kept as they come. */
export const fourCcs = {
  avc: "avc1",
  hevc: "hvc1",
  av1: "av01",
  vp8: "vp08",
  vp9: "vp09",
  vvc: "vvc1",
  aac: "mp4a",
  opus: "Opus",
  flac: "fLaC",
  ac3: "ac-3",
  eac3: "ec-3",
  mp3: ".mp3",
} as const;

export function readFourCc(reader: ByteReader, field: string): string {
  const at = reader.offset;
  const bytes = reader.view(4, field);
  let text = "";
  for (const byte of bytes) {
    if (byte < 0x20 || byte > 0x7e) throw new ParseError(field, "is not four ASCII characters", at);
    text += String.fromCharCode(byte);
  }
  return text;
}

export function writeFourCc(writer: ByteWriter, fourCc: string): void {
  if (fourCc.length !== 4) throw new RangeError(`"${fourCc}" is not a FourCC`);
  writer.ascii(fourCc);
}

/** The number that old metadata has in the place of a codec id: the characters as a big-endian integer. */
export function fourCcNumber(fourCc: string): number {
  return (fourCc.charCodeAt(0) << 24 | fourCc.charCodeAt(1) << 16 | fourCc.charCodeAt(2) << 8 |
    fourCc.charCodeAt(3)) >>> 0;
}

/** The reverse; null when it is no FourCC (a codec id of FLV, say). */
export function fourCcFromNumber(value: number): string | null {
  if (!Number.isInteger(value) || value < 0x20202020 || value > 0x7e7e7e7e) return null;
  return String.fromCharCode(value >>> 24, value >>> 16 & 0xff, value >>> 8 & 0xff, value & 0xff);
}
