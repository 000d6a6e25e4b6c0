/** MPEG Video-specific header, RFC 2250 §3.4, with the MPEG-2 extension of §3.4.1. */

export const headerSize = 4;
const mpeg2Flag = 0x04;
const extensionSize = 4;
const compositeSize = 4;

/** Flags of the third byte. */
export const Flag = {
  sequenceHeader: 0x20,
  beginOfSlice: 0x10,
  endOfSlice: 0x08,
} as const;

/** Offset of the elementary stream's bytes, or -1 when the header is broken. */
export function dataStart(payload: Uint8Array): number {
  if (payload.length < headerSize) return -1;
  if ((payload[0] & mpeg2Flag) === 0) return headerSize;
  let at = headerSize + extensionSize;
  if (payload.length < at) return -1;
  const furtherExtensions = (payload[headerSize] & 0x40) !== 0;
  const compositeDisplay = (payload[at - 1] & 0x01) !== 0;
  if (compositeDisplay) at += compositeSize;
  if (furtherExtensions) {
    // Their first byte is their length in words of 32 bits.
    if (at >= payload.length || payload[at] === 0) return -1;
    at += 4 * payload[at];
  }
  return at <= payload.length ? at : -1;
}
