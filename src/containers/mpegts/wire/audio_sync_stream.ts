/** AudioSyncStream, the framing of LATM in transport streams (ISO/IEC 14496-3 §1.7.2, table 1.36). */
import { ParseError } from "../../../base/errors.ts";

export const audioSyncHeaderSize = 3;
const syncWord = 0x2b7;
/** audioMuxLengthBytes has 13 bits. */
export const maxAudioMuxElementSize = 0x1fff;

/** Bytes of the element behind the header at the start; null when there are not yet enough. Throws ParseError. */
export function parseAudioSyncHeader(bytes: Uint8Array): number | null {
  if (bytes.length < audioSyncHeaderSize) return null;
  if ((bytes[0] << 3 | bytes[1] >> 5) !== syncWord) throw new ParseError("LATM syncword", "is missing", 0);
  const size = (bytes[1] & 0x1f) << 8 | bytes[2];
  if (size === 0) throw new ParseError("audioMuxLengthBytes", "is 0", 1);
  return size;
}

/** Throws ParseError when the element is too large. */
export function serializeAudioSyncHeader(size: number): Uint8Array<ArrayBuffer> {
  if (size > maxAudioMuxElementSize) throw new ParseError("audioMuxLengthBytes", `${size} is too large`);
  return Uint8Array.of(syncWord >> 3, (syncWord & 7) << 5 | size >> 8, size);
}
