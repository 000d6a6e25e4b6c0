/** Looks at packets without putting OBUs together; these run for every unit and allocate nothing. */
import { ObuType } from "../../../codecs/av1/obu.ts";
import type { RtpPacket } from "../../packet.ts";
import { elementCount, Flag } from "./header.ts";

/** Sizes of elements within a packet take three bytes at most. */
const maxSizeBytes = 3;
const sizeFlag = 0x02;

/** The size at `at` times 4 plus the bytes it took, or -1: two values without an object. */
function readSize(payload: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < maxSizeBytes && at + i < payload.length; i++) {
    value |= (payload[at + i] & 0x7f) << (7 * i);
    if ((payload[at + i] & 0x80) === 0) return value * 4 + i + 1;
  }
  return -1;
}

/** Calls for each OBU that begins in the packet until `visit` says stop (true). */
function someObu(
  payload: Uint8Array,
  known: Uint8Array | undefined,
  visit: (payload: Uint8Array, start: number, end: number, whole: boolean, known?: Uint8Array) => boolean,
): boolean {
  if (payload.length < 2) return false;
  const count = elementCount(payload[0]);
  let at = 1;
  for (let i = 0; at < payload.length; i++) {
    let end = payload.length;
    if (count === 0 || i < count - 1) {
      const size = readSize(payload, at);
      if (size < 0) return false;
      at += size & 3;
      end = at + (size >> 2);
      if (end > payload.length) return false;
    }
    const begins = i > 0 || (payload[0] & Flag.continues) === 0;
    const whole = end < payload.length || (payload[0] & Flag.continued) === 0;
    if (begins && end > at && visit(payload, at, end, whole, known)) return true;
    at = end;
  }
  return false;
}

function isSequenceHeader(payload: Uint8Array, start: number): boolean {
  return (payload[start] >> 3 & 0x0f) === ObuType.sequenceHeader;
}

export function packetsHaveSequenceHeader(packets: readonly RtpPacket[]): boolean {
  if (packets.length === 0) return false;
  const first = packets[0].payload;
  if (first.length > 1 && (first[0] & Flag.newSequence) !== 0) return true;
  // Some senders never set N. The sequence header precedes all frames, so one packet is enough.
  return someObu(first, undefined, isSequenceHeader);
}

function isOtherHeader(
  payload: Uint8Array,
  start: number,
  end: number,
  whole: boolean,
  known?: Uint8Array,
): boolean {
  if (!isSequenceHeader(payload, start)) return false;
  // Fragmented or with its own size: a closer look is needed.
  if (!whole || (payload[start] & sizeFlag) !== 0) return true;
  if (known === undefined || known.length !== end - start) return true;
  for (let i = 0; i < known.length; i++) if (payload[start + i] !== known[i]) return true;
  return false;
}

/** True when the packets may hold a sequence header other than the known one. */
export function packetsHaveOtherHeader(
  packets: readonly RtpPacket[],
  known: Uint8Array | undefined,
): boolean {
  return packets.length > 0 && someObu(packets[0].payload, known, isOtherHeader);
}
