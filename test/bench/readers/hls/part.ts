/** What the tool reads of a part: how many frames it has, and the publisher's stamps in them. */
import { hasStamp, stampFrame, stampMicros, stampSize } from "../../stamp.ts";

export interface PartFacts {
  /** Samples in the fragment; 0 when there is none. */
  readonly frames: number;
  /** Of the first frame; -1 when it has no stamp. */
  readonly firstNumber: number;
  readonly firstMicros: number;
}

const containers = new Set(["moof", "traf"]);
const boxHeader = 8;
const countOffset = 4;
const stampStart = 0xb5;

function boxName(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]);
}

/** ISO 14496-12 §8.8.8: `trun` names how many samples it has, `mdat` follows. Several fragments add up. */
export function partFacts(bytes: Uint8Array): PartFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let frames = 0;
  let first = -1;
  for (let at = 0; at + boxHeader <= bytes.length;) {
    const name = boxName(bytes, at);
    const size = view.getUint32(at);
    if (name === "trun" && at + boxHeader + 8 <= bytes.length) {
      frames += view.getUint32(at + boxHeader + countOffset);
    }
    if (name === "mdat" && first < 0) first = nextStamp(bytes, at + boxHeader);
    at += containers.has(name) ? boxHeader : Math.max(boxHeader, size);
  }
  if (first < 0) return { frames, firstNumber: -1, firstMicros: 0 };
  return { frames, firstNumber: stampFrame(bytes, first), firstMicros: stampMicros(bytes, first) };
}

/** When the part's last stamped frame was sent; 0 when there is none. */
export function lastStampMicros(bytes: Uint8Array): number {
  let at = bytes.lastIndexOf(stampStart, bytes.length - stampSize);
  while (at > 0 && !hasStamp(bytes, at)) at = bytes.lastIndexOf(stampStart, at - 1);
  return at > 0 ? stampMicros(bytes, at) : 0;
}

function nextStamp(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(stampStart, from);
  while (at >= 0 && at + stampSize <= bytes.length) {
    if (hasStamp(bytes, at)) return at;
    at = bytes.indexOf(stampStart, at + 1);
  }
  return -1;
}
