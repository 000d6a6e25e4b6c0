/**
 * Messages → chunks. Every message begins with a full header (format 0): the bytes then depend on nothing that was
 * sent before, so that one buffer serves all readers, whenever each of them came.
 */
import { extendedTimestampMark } from "./header.ts";

/** A message to be sent; its body in pieces, which are put together only in the chunks. */
export interface OutgoingMessage {
  /** 2…63 (what we need fits into one byte). */
  readonly chunkStreamId: number;
  readonly type: number;
  /** In ms, 32 bits. */
  readonly timestamp: number;
  readonly streamId: number;
  readonly parts: readonly Uint8Array[];
}

/** In bytes, of a message's body: its length has 24 bits. */
export const maxBodySize = 2 ** 24 - 1;

/** Bytes of a body in pieces. */
export function bodySize({ parts }: Pick<OutgoingMessage, "parts">): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}

function chunkedSize(message: OutgoingMessage, chunkSize: number): number {
  const body = bodySize(message);
  const chunks = Math.max(1, Math.ceil(body / chunkSize));
  const extended = message.timestamp >= extendedTimestampMark ? 4 : 0;
  return 12 + (chunks - 1) + chunks * extended + body;
}

/** All messages, in order, in one buffer. No body may be larger than `maxBodySize`. */
export function serializeMessages(
  messages: readonly OutgoingMessage[],
  chunkSize: number,
): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const message of messages) size += chunkedSize(message, chunkSize);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const message of messages) at = writeMessage(message, chunkSize, out, view, at);
  return out;
}

function writeMessage(
  message: OutgoingMessage,
  chunkSize: number,
  out: Uint8Array,
  view: DataView,
  at: number,
): number {
  const { chunkStreamId, timestamp } = message;
  const extended = timestamp >= extendedTimestampMark;
  const size = bodySize(message);
  // The first byte of each word is not of the field: it is overwritten, or shifted in.
  view.setUint32(at, extended ? extendedTimestampMark : timestamp);
  out[at] = chunkStreamId;
  view.setUint32(at + 4, size << 8 | message.type);
  view.setUint32(at + 8, message.streamId, true);
  at += 12;
  if (extended) {
    view.setUint32(at, timestamp);
    at += 4;
  }
  let room = chunkSize;
  for (const part of message.parts) {
    let from = 0;
    while (from < part.length) {
      if (room === 0) {
        out[at++] = 0xc0 | chunkStreamId;
        if (extended) {
          view.setUint32(at, timestamp);
          at += 4;
        }
        room = chunkSize;
      }
      const take = Math.min(room, part.length - from);
      out.set(from === 0 && take === part.length ? part : part.subarray(from, from + take), at);
      at += take;
      from += take;
      room -= take;
    }
  }
  return at;
}
