/** FLV files and HTTP-FLV streams (FLV 10.1 §E.2, §E.3): a header, then tags, each followed by its size. */
import { ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";

/** As the type ids of RTMP messages. */
export const TagType = { audio: 8, video: 9, script: 18 } as const;

export interface FlvTag {
  readonly type: number;
  /** In ms, 32 bits. */
  readonly timestamp: number;
  readonly body: Uint8Array;
}

export const fileHeaderSize = 13;
export const tagHeaderSize = 11;
const trailerSize = 4;
/** Bytes of one tag's body: 24 bits would allow 16 MiB. */
export const maxTagSize = 10 * 1024 * 1024;

/** With the size of the "previous tag" that is none. */
export function serializeFileHeader(hasAudio: boolean, hasVideo: boolean): Uint8Array<ArrayBuffer> {
  return new ByteWriter(fileHeaderSize).ascii("FLV").u8(1).u8((hasAudio ? 4 : 0) | (hasVideo ? 1 : 0)).u32(9)
    .u32(0)
    .bytes;
}

/** `parts`: the body in pieces. */
export function serializeTag(
  type: number,
  timestamp: number,
  parts: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const part of parts) size += part.length;
  const writer = new ByteWriter(tagHeaderSize + size + trailerSize)
    .u8(type).u24(size).u24(timestamp & 0xffffff).u8(timestamp >>> 24).u24(0);
  for (const part of parts) writer.raw(part);
  return writer.u32(tagHeaderSize + size).bytes;
}

const minBuffer = 64 * 1024;

/** Tags out of a growing stream of bytes that is cut anywhere. Bodies are views into memory that is not written again. */
export class FlvReader {
  #buffer = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #headerRead = false;

  /** Copies. */
  push(bytes: Uint8Array): void {
    if (this.#buffer.length - this.#end < bytes.length) {
      const waiting = this.#end - this.#start;
      const grown = new Uint8Array(Math.max(minBuffer, 2 * (waiting + bytes.length)));
      grown.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = grown;
      this.#start = 0;
      this.#end = waiting;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Null when more bytes are needed. Throws ParseError. */
  next(): FlvTag | null {
    if (!this.#headerRead && !this.#readHeader()) return null;
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    if (bytes.length < tagHeaderSize) return null;
    const size = bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    if (size > maxTagSize) throw new ParseError("DataSize", `${size} is above ${maxTagSize}`, 1);
    const end = tagHeaderSize + size;
    if (bytes.length < end + trailerSize) return null;
    if ((bytes[0] & 0x20) !== 0) throw new ParseError("Filter", "the tag is encrypted", 0);
    this.#start += end + trailerSize;
    return {
      type: bytes[0] & 0x1f,
      timestamp: (bytes[7] << 24 | bytes[4] << 16 | bytes[5] << 8 | bytes[6]) >>> 0,
      body: bytes.subarray(tagHeaderSize, end),
    };
  }

  #readHeader(): boolean {
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    if (bytes.length < fileHeaderSize) return false;
    if (bytes[0] !== 0x46 || bytes[1] !== 0x4c || bytes[2] !== 0x56) {
      throw new ParseError("Signature", "this is no FLV file", 0);
    }
    const size = (bytes[5] << 24 | bytes[6] << 16 | bytes[7] << 8 | bytes[8]) >>> 0;
    if (size !== 9) throw new ParseError("DataOffset", `${size} instead of 9`, 5);
    this.#start += fileHeaderSize;
    this.#headerRead = true;
    return true;
  }
}
