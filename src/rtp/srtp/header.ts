/** What SRTP reads of a packet. */
import { rtpHeaderSize } from "../packet.ts";

/** RFC 3550 §6.4: the first 8 bytes of a compound RTCP packet stay clear. */
export const rtcpClearSize = 8;
/** The E flag and the SRTCP index. */
export const rtcpTrailerSize = 4;
export const rtcpEncryptedFlag = 0x8000_0000;

export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Bytes of header, CSRCs and extension; undefined when the packet in `start`…`end` is no RTP. */
export function rtpClearSize(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start < rtpHeaderSize || bytes[start] >> 6 !== 2) return undefined;
  let size = rtpHeaderSize + (bytes[start] & 0x0f) * 4;
  if ((bytes[start] & 0x10) !== 0) {
    if (start + size + 4 > end) return undefined;
    size += 4 + (bytes[start + size + 2] << 8 | bytes[start + size + 3]) * 4;
  }
  return start + size > end ? undefined : size;
}
