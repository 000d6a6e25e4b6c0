/** opus_control_header, in front of every Opus packet (ETSI TS Opus 0.1.3-draft §6, as FFmpeg and OBS write it). */
import { ByteReader } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";

const prefix = 0x3ff;

/**
 * The packet behind the header at `at`, as a view, and where it ends. Trimming at start and end is passed over: no
 * other protocol of ours can say it. Throws ParseError.
 */
export function parseOpusAccessUnit(bytes: Uint8Array, at: number): { packet: Uint8Array; end: number } {
  const reader = new ByteReader(bytes);
  reader.offset = at;
  const word = reader.u16("control_header_prefix");
  if (word >> 5 !== prefix) throw new ParseError("control_header_prefix", "is missing", at);
  let size = 0;
  for (let part = 255; part === 255; size += part) part = reader.u8("au_size");
  if (size === 0) throw new ParseError("au_size", "is 0", at + 2);
  if ((word & 0x10) !== 0) reader.skip(2, "start_trim");
  if ((word & 0x08) !== 0) reader.skip(2, "end_trim");
  if ((word & 0x04) !== 0) reader.skip(reader.u8("control_extension_length"), "control_extension");
  const packet = reader.view(size, "Opus packet");
  return { packet, end: reader.offset };
}

/** For a packet of `size` bytes, without trimming. */
export function serializeOpusControlHeader(size: number): Uint8Array<ArrayBuffer> {
  const full = Math.floor(size / 255);
  const bytes = new Uint8Array(3 + full).fill(255);
  bytes[0] = prefix >> 3;
  bytes[1] = prefix << 5 & 0xff;
  bytes[2 + full] = size % 255;
  return bytes;
}
