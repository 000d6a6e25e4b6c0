/** RFC 2326 §10.12: `$`, one byte of channel, two of length, then an RTP or RTCP packet. */

export const interleavedMagic = 0x24;
export const interleavedHeaderSize = 4;
/** The length has 16 bits. */
export const maxInterleavedPayload = 0xffff;

/** Writes the four bytes in front of a payload of `size` bytes; gives the offset after them. */
export function writeInterleavedHeader(
  into: Uint8Array,
  offset: number,
  channel: number,
  size: number,
): number {
  if (size > maxInterleavedPayload) {
    throw new RangeError(`an interleaved payload of ${size} bytes is above ${maxInterleavedPayload}`);
  }
  into[offset] = interleavedMagic;
  into[offset + 1] = channel;
  into[offset + 2] = size >>> 8;
  into[offset + 3] = size & 0xff;
  return offset + interleavedHeaderSize;
}

/** One whole frame in a buffer of its own: for the occasional packet, e.g. RTCP. */
export function serializeInterleaved(channel: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(interleavedHeaderSize + payload.length);
  out.set(payload, writeInterleavedHeader(out, 0, channel, payload.length));
  return out;
}
