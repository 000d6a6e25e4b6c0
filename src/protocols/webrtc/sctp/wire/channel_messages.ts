/** DATA_CHANNEL_OPEN and DATA_CHANNEL_ACK: RFC 8832 §5; payload protocol identifiers: RFC 8831 §8. */
import { ByteReader, ByteWriter } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";

export const payloadProtocol = {
  control: 50,
  text: 51,
  binary: 53,
  emptyText: 56,
  emptyBinary: 57,
} as const;

const messageType = { ack: 2, open: 3 } as const;

/** Reliable and ordered; the others are partly reliable or unordered (RFC 8832 §5.1). */
const reliable = 0;

export type ChannelMessage =
  | { readonly kind: "open"; readonly channelType: number; readonly label: string; readonly protocol: string }
  | { readonly kind: "ack" };

/** Throws ParseError. */
export function parseChannelMessage(bytes: Uint8Array): ChannelMessage {
  const reader = new ByteReader(bytes);
  const type = reader.u8("message type");
  if (type === messageType.ack) return { kind: "ack" };
  if (type !== messageType.open) throw new ParseError("message type", `${type} is unknown`, 0);
  const channelType = reader.u8("channel type");
  reader.skip(6, "priority and reliability");
  const labelSize = reader.u16("label length");
  const protocolSize = reader.u16("protocol length");
  const decoder = new TextDecoder();
  const label = decoder.decode(reader.view(labelSize, "label"));
  return {
    kind: "open",
    channelType,
    label,
    protocol: decoder.decode(reader.view(protocolSize, "protocol")),
  };
}

export function serializeOpen(label: string): Uint8Array {
  const bytes = new TextEncoder().encode(label);
  const writer = new ByteWriter(12 + bytes.length);
  writer.u8(messageType.open).u8(reliable).u16(0).u32(0).u16(bytes.length).u16(0).raw(bytes);
  return writer.bytes;
}

export function serializeAck(): Uint8Array {
  return Uint8Array.of(messageType.ack);
}
