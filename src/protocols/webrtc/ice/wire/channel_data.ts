/** TURN's short header for data of a bound channel (RFC 8656 §12.4). */
import { ParseError } from "../../../../base/errors.ts";
import type { PacketBatch } from "../../../../net/udp/socket.ts";

export const channelHeaderSize = 4;
/** RFC 8656 §12. */
export const firstChannel = 0x4000;
export const lastChannel = 0x4fff;

/** `data` is a view. */
export interface ChannelData {
  readonly channel: number;
  readonly data: Uint8Array;
}

/** Bytes behind the data are padding. Throws ParseError. */
export function parseChannelData(bytes: Uint8Array): ChannelData {
  if (bytes.length < channelHeaderSize) throw new ParseError("ChannelData", "is cut off", 0);
  const channel = bytes[0] << 8 | bytes[1];
  const size = bytes[2] << 8 | bytes[3];
  if (channel < firstChannel || channel > lastChannel) {
    throw new ParseError("channel number", `is ${channel}`, 0);
  }
  if (channelHeaderSize + size > bytes.length) throw new ParseError("ChannelData", `has no ${size} bytes`, 2);
  return { channel, data: bytes.subarray(channelHeaderSize, channelHeaderSize + size) };
}

/** Puts the header before every packet. Over a byte stream each is padded to four bytes, over UDP none. */
export function serializeChannelData(channel: number, batch: PacketBatch, padded: boolean): PacketBatch {
  const sizes = batch.sizes.map((size) => channelHeaderSize + (padded ? size + 3 & ~3 : size));
  let total = 0;
  for (const size of sizes) total += size;
  const bytes = new Uint8Array(total);
  let from = 0;
  let to = 0;
  for (let i = 0; i < sizes.length; i++) {
    const size = batch.sizes[i];
    bytes[to] = channel >> 8;
    bytes[to + 1] = channel;
    bytes[to + 2] = size >> 8;
    bytes[to + 3] = size;
    bytes.set(batch.bytes.subarray(from, from + size), to + channelHeaderSize);
    from += size;
    to += sizes[i];
  }
  return { bytes, sizes };
}
