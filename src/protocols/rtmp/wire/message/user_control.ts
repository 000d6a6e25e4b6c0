/** User control messages (RTMP specification 1.0, §7.1.7). */
import { ByteReader, ByteWriter } from "../../../../base/bytes.ts";
import { MessageType } from "../chunk/header.ts";
import type { OutgoingMessage } from "../chunk/writer.ts";
import { controlMessage } from "./protocol_control.ts";

export const UserEvent = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

export interface UserControl {
  readonly event: number;
  /** Message stream id, or the time of a ping in ms; 0 when the event has none. */
  readonly value: number;
}

/** Values after the first (the buffer length, which we do not use) are passed over. */
export function parseUserControl(body: Uint8Array): UserControl {
  const reader = new ByteReader(body);
  const event = reader.u16("event type");
  return { event, value: reader.remaining >= 4 ? reader.u32("event data") : 0 };
}

export function userControl(event: number, value: number): OutgoingMessage {
  return controlMessage(MessageType.userControl, new ByteWriter(6).u16(event).u32(value).bytes);
}

/** What a client says when it starts to play. */
export function setBufferLength(streamId: number, milliseconds: number): OutgoingMessage {
  const body = new ByteWriter(10).u16(UserEvent.setBufferLength).u32(streamId).u32(milliseconds).bytes;
  return controlMessage(MessageType.userControl, body);
}
