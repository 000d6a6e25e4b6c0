/**
 * RTP payload format for VP9: RFC 9628.
 *
 * A unit is a picture: the frames of all its spatial layers, one behind the other. Written in non-flexible mode
 * without picture id, which is optional, as none can be counted without memory between units; key frames
 * carry their size in a scalability structure, which some WebRTC receivers want to know before decoding.
 */
import { concat } from "../../base/bytes.ts";
import type { Vp9Codec } from "../../codecs/codec.ts";
import { isVp9KeyFrame, parseVp9Header } from "../../codecs/vp9/header.ts";
import type { RtpFragment, RtpPacket } from "../packet.ts";
import { ErrorList } from "./error_list.ts";
import { type DepacketizeResult, maxUnitSize, type PayloadFormat } from "./payload.ts";
import { descriptorSize, Flag } from "./vp9/descriptor.ts";

/** Keeps whole layer frames up to the first broken one: higher layers need the lower ones, never the reverse. */
function depacketize(packets: readonly RtpPacket[]): DepacketizeResult {
  const errors = new ErrorList();
  const whole: Uint8Array[] = [];
  let frame: Uint8Array[] | null = null;
  let size = 0;
  let next = -1;
  for (const { payload, sequence } of packets) {
    const start = descriptorSize(payload);
    const gap = next >= 0 && sequence !== next;
    next = (sequence + 1) & 0xffff;
    const begins = start >= 0 && (payload[0] & Flag.begin) !== 0;
    size += payload.length;
    if (start < 0 || gap || size > maxUnitSize || begins === (frame !== null)) {
      errors.add(start < 0 ? "payload descriptor is broken" : "part of the frame is missing");
      frame = null;
      break;
    }
    frame ??= [];
    frame.push(payload.subarray(start));
    if ((payload[0] & Flag.end) === 0) continue;
    whole.push(...frame);
    frame = null;
  }
  if (frame !== null) errors.add("end of the frame is missing");
  const joined = concat(whole);
  return { payload: joined.length > 0 ? [joined] : null, errors: errors.list };
}

function isRandomAccess(packets: readonly RtpPacket[]): boolean {
  if (packets.length === 0) return false;
  const payload = packets[0].payload;
  const start = descriptorSize(payload);
  if (start < 0 || start >= payload.length || (payload[0] & Flag.begin) === 0) return false;
  // Only the byte of the header: a view of the rest would be an allocation for every unit.
  const first = payload[start];
  const shift = (first & 0x30) === 0x30 ? 1 : 0;
  return first >> 6 === 2 && ((first << shift) & 0x0c) === 0;
}

/** Scalability structure with one layer and its size; null when the frame has no readable key frame header. */
function scalabilityStructure(frame: Uint8Array): Uint8Array | null {
  if (!isVp9KeyFrame(frame)) return null;
  try {
    const key = parseVp9Header(frame).key;
    if (key === null || key.width > 0xffff || key.height > 0xffff) return null;
    return Uint8Array.of(0x10, key.width >> 8, key.width & 0xff, key.height >> 8, key.height & 0xff);
  } catch {
    return null;
  }
}

function packetize(payload: readonly Uint8Array[], _codec: Vp9Codec, maxPayload: number): RtpFragment[] {
  const frame = payload[0] ?? new Uint8Array();
  const base = isVp9KeyFrame(frame) ? 0 : Flag.interPredicted;
  let structure = scalabilityStructure(frame);
  if (structure !== null && structure.length + 2 > maxPayload) structure = null;
  const out: RtpFragment[] = [];
  for (let at = 0; at < frame.length;) {
    const extra = at === 0 && structure !== null ? structure : null;
    const room = Math.max(1, maxPayload - 1 - (extra?.length ?? 0));
    const last = at + room >= frame.length;
    const flags = base | (at === 0 ? Flag.begin : 0) | (last ? Flag.end : 0) | (extra ? Flag.scalability : 0);
    const part = frame.subarray(at, at + room);
    const descriptor = Uint8Array.of(flags);
    out.push({ parts: extra ? [descriptor, extra, part] : [descriptor, part], marker: last });
    at += room;
  }
  return out;
}

/** The profile of the track follows key frames. */
function updateCodec(payload: readonly Uint8Array[], codec: Vp9Codec): Vp9Codec {
  if (payload.length === 0 || !isVp9KeyFrame(payload[0])) return codec;
  return withProfile(payload[0][0], codec);
}

function withProfile(firstByte: number, codec: Vp9Codec): Vp9Codec {
  const profileId = (firstByte >> 5 & 1) | (firstByte >> 4 & 1) << 1;
  return profileId === (codec.profileId ?? 0) ? codec : { ...codec, profileId };
}

function updateCodecFromPackets(packets: readonly RtpPacket[], codec: Vp9Codec): Vp9Codec {
  if (!isRandomAccess(packets)) return codec;
  const payload = packets[0].payload;
  return withProfile(payload[descriptorSize(payload)], codec);
}

export const vp9Format: PayloadFormat<Vp9Codec> = {
  endsUnit: (packet) => packet.marker,
  depacketize,
  packetize,
  isRandomAccess,
  isRandomAccessPayload: (payload) => payload.length > 0 && isVp9KeyFrame(payload[0]),
  updateCodec,
  updateCodecFromPackets,
};
