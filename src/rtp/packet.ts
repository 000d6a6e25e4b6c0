/** The RTP packet: a view over received bytes, with the fields that are needed again and again read once. */
import { ParseError } from "../base/errors.ts";

export const rtpHeaderSize = 12;

/** RFC 3550 §5.1. `bytes` is the whole packet; `payload` excludes CSRCs, extension and padding. */
export interface RtpPacket {
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequence: number;
  /** 32-bit, in clock ticks. */
  readonly timestamp: number;
  readonly ssrc: number;
}

/** Keeps views into `bytes`; throws ParseError. */
export function parseRtpPacket(bytes: Uint8Array): RtpPacket {
  const size = bytes.length;
  if (size < rtpHeaderSize) {
    throw new ParseError("RTP header", `needs ${rtpHeaderSize} bytes, got ${size}`, 0);
  }
  const first = bytes[0];
  if (first >> 6 !== 2) throw new ParseError("RTP version", `is ${first >> 6}, expected 2`, 0);
  let start = rtpHeaderSize + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (start + 4 > size) throw new ParseError("RTP header extension", "runs over the packet", start);
    start += 4 + (bytes[start + 2] << 8 | bytes[start + 3]) * 4;
  }
  let end = size;
  if ((first & 0x20) !== 0) {
    const padding = bytes[size - 1];
    if (padding === 0) throw new ParseError("RTP padding", "has length 0", size - 1);
    end -= padding;
  }
  if (start > end) throw new ParseError("RTP payload", "header and padding run over the packet", start);
  return {
    bytes,
    payload: bytes.subarray(start, end),
    marker: (bytes[1] & 0x80) !== 0,
    payloadType: bytes[1] & 0x7f,
    sequence: bytes[2] << 8 | bytes[3],
    timestamp: (bytes[4] << 24 | bytes[5] << 16 | bytes[6] << 8 | bytes[7]) >>> 0,
    ssrc: (bytes[8] << 24 | bytes[9] << 16 | bytes[10] << 8 | bytes[11]) >>> 0,
  };
}

/** The same packet, in the same bytes, under the lower 16 bits of another number. */
export function renumber(packet: RtpPacket, sequence: number): RtpPacket {
  packet.bytes[2] = sequence >> 8;
  packet.bytes[3] = sequence;
  return { ...packet, sequence: sequence & 0xffff };
}

/** What a packetizer decides for one packet; sequence number, SSRC and time are added by `RtpStreamWriter`. */
export interface RtpFragment {
  /** Concatenated into the RTP payload. */
  readonly parts: readonly Uint8Array[];
  readonly marker: boolean;
  /** Clock ticks after the unit's own time, when a unit of several audio frames takes several packets; absent: 0. */
  readonly timestampOffset?: number;
}

/** The 12 bytes of a header without CSRCs and extensions, from `at` on. */
export function writeRtpHeader(
  out: Uint8Array,
  at: number,
  marker: boolean,
  payloadType: number,
  sequence: number,
  timestamp: number,
  ssrc: number,
): void {
  out[at] = 0x80;
  out[at + 1] = (marker ? 0x80 : 0) | payloadType;
  out[at + 2] = sequence >> 8;
  out[at + 3] = sequence;
  out[at + 4] = timestamp >>> 24;
  out[at + 5] = timestamp >>> 16;
  out[at + 6] = timestamp >>> 8;
  out[at + 7] = timestamp;
  out[at + 8] = ssrc >>> 24;
  out[at + 9] = ssrc >>> 16;
  out[at + 10] = ssrc >>> 8;
  out[at + 11] = ssrc;
}

/** Builds one packet in a buffer of its own. */
export function buildRtpPacket(
  header: { payloadType: number; sequence: number; timestamp: number; ssrc: number; marker: boolean },
  parts: readonly Uint8Array[],
): RtpPacket {
  let size = rtpHeaderSize;
  for (const part of parts) size += part.length;
  const bytes = new Uint8Array(size);
  const timestamp = header.timestamp >>> 0;
  const { marker, payloadType, sequence, ssrc } = header;
  writeRtpHeader(bytes, 0, marker, payloadType, sequence, timestamp, ssrc);
  let at = rtpHeaderSize;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { ...header, timestamp, bytes, payload: bytes.subarray(rtpHeaderSize) };
}
