/** Aggregate messages (RTMP specification 1.0, §7.1.6): several messages as the tags of an FLV file. */
import { ByteReader } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import type { RawMessage } from "../chunk/header.ts";

/** Messages in one. */
export const maxAggregated = 4096;

/** Views. The first message inside gets the timestamp of the aggregate, the others keep their distance to it. */
export function parseAggregate(message: RawMessage): RawMessage[] {
  const reader = new ByteReader(message.body);
  const inner: RawMessage[] = [];
  let offset: number | null = null;
  while (reader.remaining > 0) {
    if (inner.length === maxAggregated) {
      throw new ParseError("aggregate message", `more than ${maxAggregated} messages`, reader.offset);
    }
    const type = reader.u8("message type");
    const size = reader.u24("message size");
    const low = reader.u24("timestamp");
    const timestamp = (reader.u8("timestamp") << 24 | low) >>> 0;
    reader.skip(3, "stream id");
    const body = reader.view(size, "message body");
    // Some servers leave the last back pointer away.
    reader.skip(Math.min(4, reader.remaining), "back pointer");
    offset ??= message.timestamp - timestamp;
    inner.push({ type, timestamp: (timestamp + offset) >>> 0, streamId: message.streamId, body });
  }
  return inner;
}
