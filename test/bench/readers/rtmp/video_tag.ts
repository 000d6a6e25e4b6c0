/** What the tool needs of FLV video tags: which are frames, and where the publisher's stamp is. */
import { hasStamp, stampSize } from "../../stamp.ts";

const codecAvc = 7;
const avcFrame = 1;
const extendedFrame = 1;
const extendedFrameWithoutOffset = 3;

/** Where the NAL units of a coded frame begin; 0 for sequence headers and everything else that is no frame. */
export function frameStart(tag: Uint8Array, length: number): number {
  if (length < 5) return 0;
  if ((tag[0] & 0x80) === 0) return (tag[0] & 0x0f) === codecAvc && tag[1] === avcFrame ? 5 : 0;
  // Enhanced RTMP: packet type, FourCC, composition time with packet type 1
  const packetType = tag[0] & 0x0f;
  return packetType === extendedFrame ? 8 : packetType === extendedFrameWithoutOffset ? 5 : 0;
}

/** The stamp's offset in the first slice, -1 when there is none. `available` bytes of the tag are there. */
export function stampIn(tag: Uint8Array, from: number, available: number): number {
  for (let at = from; at + 5 + stampSize <= available;) {
    if (hasStamp(tag, at + 5)) return at + 5;
    const size = (tag[at] << 24 | tag[at + 1] << 16 | tag[at + 2] << 8 | tag[at + 3]) >>> 0;
    at += 4 + size;
  }
  return -1;
}
