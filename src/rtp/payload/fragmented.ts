/** What payload formats share that cut one frame into several packets. */
import type { RtpPacket } from "../packet.ts";

/** True when no packet is missing between `from` and `to` (both included). */
export function isContiguous(packets: readonly RtpPacket[], from: number, to: number): boolean {
  for (let i = from + 1; i <= to; i++) {
    if (packets[i].sequence !== (packets[i - 1].sequence + 1 & 0xffff)) return false;
  }
  return true;
}

/** Consecutive views of at most `size` bytes; one empty view for empty bytes. */
export function cutBytes(bytes: Uint8Array, size: number): Uint8Array[] {
  const step = Math.max(1, size);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += step) pieces.push(bytes.subarray(at, at + step));
  return pieces;
}

/** A frame with its place in time, in ticks after the start of the unit. */
export interface TimedFrame {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/**
 * Groups consecutive frames as long as `sizeOf` (bytes of a packet with these frames) stays within `maxPayload`.
 * A frame that is too large alone gets a group of its own.
 */
export function groupFrames(
  frames: readonly TimedFrame[],
  maxPayload: number,
  sizeOf: (count: number, bytes: number) => number,
): TimedFrame[][] {
  const groups: TimedFrame[][] = [];
  let group: TimedFrame[] = [];
  let bytes = 0;
  for (const frame of frames) {
    if (group.length > 0 && sizeOf(group.length + 1, bytes + frame.bytes.length) > maxPayload) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(frame);
    bytes += frame.bytes.length;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
