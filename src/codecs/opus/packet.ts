/** Opus packets (RFC 6716 §3): the table of contents byte, the frames, the duration. */
import { ParseError } from "../../base/errors.ts";

/** Opus counts time at this rate whatever was encoded (RFC 7587 §4.1). */
export const opusClockRate = 48000;
/** RFC 6716 §3.4 R5: a packet lasts at most 120 ms. */
export const maxOpusPacketSamples = 5760;
/** RFC 6716 §3.4 R2 */
export const maxOpusFrameSize = 1275;

/** Samples of one frame at 48 kHz (RFC 6716 §3.1 table 2). */
export function opusFrameSamples(toc: number): number {
  const config = toc >> 3;
  if (config < 12) return [480, 960, 1920, 2880][config & 3];
  if (config < 16) return [480, 960][config & 1];
  return [120, 240, 480, 960][config & 3];
}

/** Samples of a packet at 48 kHz; 0 when the packet is broken. Also right for multistream packets. */
export function opusPacketSamples(packet: Uint8Array): number {
  if (packet.length === 0) return 0;
  const code = packet[0] & 3;
  if (code === 3 && packet.length < 2) return 0;
  const frames = code === 0 ? 1 : code === 3 ? packet[1] & 0x3f : 2;
  const samples = frames * opusFrameSamples(packet[0]);
  return samples > maxOpusPacketSamples ? 0 : samples;
}

/** RFC 6716 §3.2.1; the size and the number of bytes that told it. */
function frameSizeAt(packet: Uint8Array, at: number): { size: number; used: number } {
  if (at >= packet.length) throw new ParseError("Opus frame size", "is cut off", at);
  const first = packet[at];
  if (first < 252) return { size: first, used: 1 };
  if (at + 1 >= packet.length) throw new ParseError("Opus frame size", "is cut off", at);
  return { size: first + 4 * packet[at + 1], used: 2 };
}

/** The frames of a packet of one stream, as views. Throws ParseError. */
export function splitOpusPacket(packet: Uint8Array): Uint8Array[] {
  if (packet.length === 0) throw new ParseError("Opus packet", "is empty", 0);
  switch (packet[0] & 3) {
    case 0:
      return cut(packet, 1, packet.length, [packet.length - 1]);
    case 1:
      if (packet.length % 2 === 0) throw new ParseError("Opus packet", "has two frames of unequal size", 1);
      return cut(packet, 1, packet.length, [(packet.length - 1) / 2, (packet.length - 1) / 2]);
    case 2: {
      const { size, used } = frameSizeAt(packet, 1);
      return cut(packet, 1 + used, packet.length, [size, packet.length - 1 - used - size]);
    }
    default:
      return splitManyFrames(packet);
  }
}

/** Code 3 (RFC 6716 §3.2.5). */
function splitManyFrames(packet: Uint8Array): Uint8Array[] {
  if (packet.length < 2) throw new ParseError("Opus frame count", "is cut off", 1);
  const count = packet[1] & 0x3f;
  if (opusPacketSamples(packet) === 0) throw new ParseError("Opus frame count", `is ${count}`, 1);
  let at = 2;
  let end = packet.length;
  if ((packet[1] & 0x40) !== 0) {
    for (let byte = 255; byte === 255;) {
      if (at >= packet.length) throw new ParseError("Opus padding", "is cut off", at);
      byte = packet[at++];
      end -= byte === 255 ? 254 : byte;
    }
  }
  const sizes: number[] = [];
  if ((packet[1] & 0x80) !== 0) {
    let before = 0;
    for (let i = 0; i < count - 1; i++) {
      const { size, used } = frameSizeAt(packet, at);
      at += used;
      sizes.push(size);
      before += size;
    }
    sizes.push(end - at - before);
  } else {
    if (end < at || (end - at) % count !== 0) {
      throw new ParseError("Opus packet", `does not hold ${count} frames of equal size`, at);
    }
    for (let i = 0; i < count; i++) sizes.push((end - at) / count);
  }
  return cut(packet, at, end, sizes);
}

function cut(packet: Uint8Array, start: number, end: number, sizes: readonly number[]): Uint8Array[] {
  let at = start;
  return sizes.map((size) => {
    if (size < 0 || size > maxOpusFrameSize || at + size > end) {
      throw new ParseError("Opus frame", `has ${size} bytes`, at);
    }
    at += size;
    return packet.subarray(at - size, at);
  });
}
