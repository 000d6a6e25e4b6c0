import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { rtcpHeaderSize, rtcpType, writeRtcpHeader } from "./header.ts";

/** Goodbye (RFC 3550 §6.6). */
export interface Bye {
  readonly kind: "bye";
  readonly ssrcs: readonly number[];
  /** Empty when none was given. At most 255 bytes of UTF-8. */
  readonly reason: string;
}

const maxReasonSize = 255;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function parseBye(reader: ByteReader, count: number): Bye {
  const ssrcs = Array.from({ length: count }, () => reader.u32("BYE SSRC"));
  if (reader.remaining === 0) return { kind: "bye", ssrcs, reason: "" };
  const reason = reader.view(reader.u8("BYE reason length"), "BYE reason");
  return { kind: "bye", ssrcs, reason: decoder.decode(reason) };
}

function reasonBytes(message: Bye): Uint8Array {
  const bytes = encoder.encode(message.reason);
  return bytes.length > maxReasonSize ? bytes.subarray(0, maxReasonSize) : bytes;
}

export function byeSize(message: Bye): number {
  const reason = reasonBytes(message).length;
  return rtcpHeaderSize + 4 * message.ssrcs.length + (reason === 0 ? 0 : (1 + reason + 3) & ~3);
}

export function writeBye(writer: ByteWriter, message: Bye): void {
  const end = writer.offset + byeSize(message);
  writeRtcpHeader(writer, message.ssrcs.length, rtcpType.bye, byeSize(message));
  for (const ssrc of message.ssrcs) writer.u32(ssrc);
  const reason = reasonBytes(message);
  if (reason.length > 0) writer.u8(reason.length).raw(reason);
  writer.offset = end;
}
