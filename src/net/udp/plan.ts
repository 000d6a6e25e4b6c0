/** How a batch of packets becomes as few messages to the kernel as segmentation offload allows. */
import type { PacketBatch } from "./socket.ts";

/** UDP_MAX_SEGMENTS of the oldest kernels that have the offload. */
export const maxSegments = 64;
/** The kernel wants the whole group, headers included, within one 64 KiB datagram. */
export const maxGroupBytes = 65_000;

/** One message: `length` bytes of the batch from `offset`, to be cut into packets of `segment` bytes; 0 is one packet. */
export interface PlannedMessage {
  readonly offset: number;
  readonly length: number;
  readonly segment: number;
  readonly packets: number;
}

/**
 * Neighbours of equal size go together, the last may be shorter. Packets larger than `maxSegment` go alone: 0 switches
 * grouping off.
 */
export function planMessages(batch: PacketBatch, maxSegment: number): PlannedMessage[] {
  const { sizes } = batch;
  const out: PlannedMessage[] = [];
  let offset = 0;
  for (let i = 0; i < sizes.length;) {
    const first = sizes[i];
    let length = first;
    let packets = 1;
    if (first <= maxSegment && first > 0) {
      while (packets < maxSegments && i + packets < sizes.length) {
        const next = sizes[i + packets];
        if (next > first || next === 0 || length + next > maxGroupBytes) break;
        length += next;
        packets++;
        if (next < first) break;
      }
    }
    out.push({ offset, length, segment: packets > 1 ? first : 0, packets });
    offset += length;
    i += packets;
  }
  return out;
}
