/**
 * RTP payload format for VP8: RFC 7741.
 *
 * Written with the mandatory byte of the descriptor only: the picture id is optional, and without memory between
 * units none can be counted.
 */
import type { Vp8Codec } from "../../codecs/codec.ts";
import { isVp8KeyFrame } from "../../codecs/vp8/header.ts";
import type { RtpFragment, RtpPacket } from "../packet.ts";
import { joinFrame } from "./frame_joiner.ts";
import type { PayloadFormat } from "./payload.ts";

/** RFC 7741 §4.2: size of the payload descriptor, or -1. */
function descriptorSize(payload: Uint8Array): number {
  if (payload.length === 0) return -1;
  let size = 1;
  if ((payload[0] & 0x80) !== 0) {
    if (payload.length < 2) return -1;
    const flags = payload[1];
    size = 2;
    if ((flags & 0x80) !== 0) {
      if (payload.length < 3) return -1;
      size += (payload[2] & 0x80) !== 0 ? 2 : 1;
    }
    if ((flags & 0x40) !== 0) size++;
    if ((flags & 0x30) !== 0) size++;
  }
  return size <= payload.length ? size : -1;
}

/** S is set and the partition is the first. */
function isFrameStart(payload: Uint8Array): boolean {
  return payload.length > 0 && (payload[0] & 0x17) === 0x10;
}

function isRandomAccess(packets: readonly RtpPacket[]): boolean {
  if (packets.length === 0) return false;
  const payload = packets[0].payload;
  const start = descriptorSize(payload);
  return isFrameStart(payload) && start > 0 && start < payload.length && (payload[start] & 1) === 0;
}

const firstDescriptor = Uint8Array.of(0x10);
const furtherDescriptor = Uint8Array.of(0x00);

function packetize(payload: readonly Uint8Array[], _codec: Vp8Codec, maxPayload: number): RtpFragment[] {
  const frame = payload[0] ?? new Uint8Array();
  const out: RtpFragment[] = [];
  const room = Math.max(1, maxPayload - 1);
  for (let at = 0; at < frame.length; at += room) {
    out.push({
      parts: [at === 0 ? firstDescriptor : furtherDescriptor, frame.subarray(at, at + room)],
      marker: at + room >= frame.length,
    });
  }
  return out;
}

export const vp8Format: PayloadFormat<Vp8Codec> = {
  endsUnit: (packet) => packet.marker,
  depacketize: (packets) => joinFrame(packets, descriptorSize, isFrameStart),
  packetize,
  isRandomAccess,
  isRandomAccessPayload: (payload) => payload.length > 0 && isVp8KeyFrame(payload[0]),
};
