/** FLAC's parameters and the look of a frame (RFC 9639). */
import { BitReader } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";

/** RFC 9639 §8.2. */
export interface FlacStreamInfo {
  /** Samples per channel of the blocks. */
  readonly minBlockSize: number;
  readonly maxBlockSize: number;
  readonly sampleRate: number;
  readonly channelCount: number;
  readonly bitDepth: number;
}

export const flacStreamInfoSize = 34;

/** The 34 bytes without the metadata block header; throws ParseError. */
export function parseFlacStreamInfo(bytes: Uint8Array): FlacStreamInfo {
  if (bytes.length !== flacStreamInfoSize) {
    throw new ParseError("STREAMINFO", `has ${bytes.length} bytes, expected ${flacStreamInfoSize}`, 0);
  }
  const bits = new BitReader(bytes);
  const minBlockSize = bits.bits(16, "minimum block size");
  const maxBlockSize = bits.bits(16, "maximum block size");
  if (minBlockSize < 16 || maxBlockSize < minBlockSize) {
    throw new ParseError("block size", `goes from ${minBlockSize} to ${maxBlockSize}`, 0);
  }
  bits.skip(48, "frame sizes");
  const sampleRate = bits.bits(20, "sample rate");
  if (sampleRate === 0) throw new ParseError("sample rate", "is 0", 10);
  const channelCount = bits.bits(3, "channels") + 1;
  const bitDepth = bits.bits(5, "bits per sample") + 1;
  if (bitDepth < 4) throw new ParseError("bits per sample", `is ${bitDepth}, at least 4 allowed`, 12);
  return { minBlockSize, maxBlockSize, sampleRate, channelCount, bitDepth };
}

/** §9.1: the 15-bit sync code in front of every frame. */
export function isFlacFrame(bytes: Uint8Array): boolean {
  return bytes.length > 4 && bytes[0] === 0xff && (bytes[1] & 0xfe) === 0xf8;
}
