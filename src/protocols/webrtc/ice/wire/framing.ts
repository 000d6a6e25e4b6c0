/** Packets in a byte stream: RFC 4571 (ICE over TCP, RFC 6544 §3) and TURN over TCP (RFC 8656 §12.5). */
import { concat } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import type { PacketBatch } from "../../../../net/udp/socket.ts";
import { channelHeaderSize } from "./channel_data.ts";
import { stunHeaderSize } from "./stun.ts";

/** Where the packet is in the bytes, and where the next one begins. Null: more bytes are needed to tell. */
export type Measure = (
  bytes: Uint8Array,
) => { readonly start: number; readonly end: number; readonly next: number } | null;

/** A length of 16 bits before each packet. */
export const measureRfc4571: Measure = (bytes) => {
  if (bytes.length < 2) return null;
  const end = 2 + (bytes[0] << 8 | bytes[1]);
  return { start: 2, end, next: end };
};

/** STUN messages and padded ChannelData, which bring their lengths. */
export const measureTurn: Measure = (bytes) => {
  if (bytes.length < 4) return null;
  const size = bytes[2] << 8 | bytes[3];
  if (bytes[0] >= 0x40 && bytes[0] <= 0x4f) {
    const end = channelHeaderSize + size;
    return { start: 0, end, next: end + 3 & ~3 };
  }
  if (bytes[0] > 3) throw new ParseError("TURN stream", "neither STUN nor ChannelData", 0);
  return { start: 0, end: stunHeaderSize + size, next: stunHeaderSize + size };
};

/** Cuts a stream into packets. Holds at most one unfinished packet: 64 KiB and one chunk. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0);

  constructor(private readonly measure: Measure) {}

  /** Packets that are complete now: views of `chunk`, which must not be reused. Throws ParseError. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    let bytes = this.#rest.length === 0 ? chunk : concat([this.#rest, chunk]);
    const packets: Uint8Array[] = [];
    for (let frame = this.measure(bytes); frame !== null && frame.next <= bytes.length;) {
      if (frame.end > frame.start) packets.push(bytes.subarray(frame.start, frame.end));
      bytes = bytes.subarray(frame.next);
      frame = this.measure(bytes);
    }
    this.#rest = bytes;
    return packets;
  }
}

/** All packets with their lengths, for one write. */
export function frameRfc4571(batch: PacketBatch): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(batch.bytes.length + 2 * batch.sizes.length);
  let from = 0;
  let to = 0;
  for (const size of batch.sizes) {
    out[to] = size >> 8;
    out[to + 1] = size;
    out.set(batch.bytes.subarray(from, from + size), to + 2);
    from += size;
    to += 2 + size;
  }
  return to === out.length ? out : out.subarray(0, to);
}
