/** RTP header extensions (RFC 8285), and headers written anew in place. */
import { rtpHeaderSize, type RtpPacket, writeRtpHeader } from "../../../../rtp/packet.ts";

const oneByteProfile = 0xbede;
const twoByteProfile = 0x1000;
const decoder = new TextDecoder();
const notFound = -1;

/** Where an element's data begins, and its size in the upper bits: `at + size * 2^16`; -1 when absent. No objects. */
function findElement(bytes: Uint8Array, id: number): number {
  if ((bytes[0] & 0x10) === 0) return notFound;
  const start = rtpHeaderSize + (bytes[0] & 0x0f) * 4;
  if (start + 4 > bytes.length) return notFound;
  const profile = bytes[start] << 8 | bytes[start + 1];
  const end = Math.min(bytes.length, start + 4 + (bytes[start + 2] << 8 | bytes[start + 3]) * 4);
  const oneByte = profile === oneByteProfile;
  if (!oneByte && (profile & 0xfff0) !== twoByteProfile) return notFound;
  for (let at = start + 4; at < end;) {
    if (bytes[at] === 0) {
      at++;
      continue;
    }
    if (!oneByte && at + 1 >= end) return notFound;
    const found = oneByte ? bytes[at] >> 4 : bytes[at];
    // §4.2: 15 ends the list.
    if (oneByte && found === 15) return notFound;
    const size = oneByte ? (bytes[at] & 0x0f) + 1 : bytes[at + 1];
    const data = at + (oneByte ? 1 : 2);
    if (data + size > end) return notFound;
    if (found === id) return data + size * 0x10000;
    at = data + size;
  }
  return notFound;
}

/** Null when the packet has no such element; `id` undefined means that none was agreed on. */
export function extensionText(bytes: Uint8Array, id: number | undefined): string | null {
  const found = id === undefined ? notFound : findElement(bytes, id);
  if (found < 0) return null;
  const at = found % 0x10000;
  return decoder.decode(bytes.subarray(at, at + Math.floor(found / 0x10000)));
}

/** -1 when the packet has no such element. */
export function extensionU16(bytes: Uint8Array, id: number): number {
  const found = findElement(bytes, id);
  if (found < 0 || found < 2 * 0x10000) return notFound;
  const at = found % 0x10000;
  return bytes[at] << 8 | bytes[at + 1];
}

/** What the new header says; the rest is taken from the packet. */
export interface NewHeader {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/**
 * The packet with a plain header of 12 bytes, written right before its payload: extensions, CSRCs and padding are gone,
 * nothing is copied, and `packet` must not be used any more. `skip`: bytes left out at the start of the payload.
 */
export function withHeader(packet: RtpPacket, header: NewHeader, skip = 0): RtpPacket {
  const { payload, marker } = packet;
  const { payloadType, sequence, timestamp, ssrc } = header;
  const bytes = new Uint8Array(
    payload.buffer,
    payload.byteOffset + skip - rtpHeaderSize,
    payload.length - skip + rtpHeaderSize,
  );
  writeRtpHeader(bytes, 0, marker, payloadType, sequence, timestamp, ssrc);
  return { bytes, payload: bytes.subarray(rtpHeaderSize), marker, payloadType, sequence, timestamp, ssrc };
}
