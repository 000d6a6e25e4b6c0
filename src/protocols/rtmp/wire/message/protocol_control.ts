/** Protocol control messages (RTMP specification 1.0, §5.4): how much may be on its way unacknowledged, and the chunks. */
import { ByteReader, ByteWriter } from "../../../../base/bytes.ts";
import { MessageType } from "../chunk/header.ts";
import type { OutgoingMessage } from "../chunk/writer.ts";

/** §5.4: chunk stream 2, message stream 0. */
export const controlChunkStream = 2;

export function controlMessage(type: number, body: Uint8Array): OutgoingMessage {
  return { chunkStreamId: controlChunkStream, type, timestamp: 0, streamId: 0, parts: [body] };
}

function numberMessage(type: number, value: number): OutgoingMessage {
  return controlMessage(type, new ByteWriter(4).u32(value).bytes);
}

export function setChunkSize(size: number): OutgoingMessage {
  return numberMessage(MessageType.setChunkSize, size);
}

/** `received`: bytes since the start of the connection, wrapping at 32 bits. */
export function acknowledgement(received: number): OutgoingMessage {
  return numberMessage(MessageType.acknowledgement, received % 2 ** 32);
}

export function windowAcknowledgementSize(size: number): OutgoingMessage {
  return numberMessage(MessageType.windowAcknowledgementSize, size);
}

/** How the peer shall limit itself (§5.4.5). */
export const BandwidthLimit = { hard: 0, soft: 1, dynamic: 2 } as const;

export function setPeerBandwidth(size: number, limit: number): OutgoingMessage {
  return controlMessage(MessageType.setPeerBandwidth, new ByteWriter(5).u32(size).u8(limit).bytes);
}

/** The one number that Acknowledgement, Window Acknowledgement Size and Set Peer Bandwidth begin with. */
export function parseControlNumber(body: Uint8Array): number {
  return new ByteReader(body).u32("protocol control message");
}
