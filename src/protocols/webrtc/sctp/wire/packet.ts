/** Packets of SCTP: a common header and chunks, RFC 9260 §3. */
import { ByteReader, concat } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import { crc32c } from "./crc32c.ts";

export const chunkType = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
} as const;

export const packetHeaderSize = 12;
export const chunkHeaderSize = 4;

export interface Chunk {
  readonly type: number;
  readonly flags: number;
  readonly value: Uint8Array;
}

export interface Packet {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly verificationTag: number;
  readonly chunks: readonly Chunk[];
}

const checksumOffset = 8;

function padded(size: number): number {
  return size + 3 & ~3;
}

/** Throws ParseError. Values are views of `bytes`. */
export function parsePacket(bytes: Uint8Array): Packet {
  const reader = new ByteReader(bytes);
  const sourcePort = reader.u16("source port");
  const destinationPort = reader.u16("destination port");
  const verificationTag = reader.u32("verification tag");
  const checksum = reader.u32Le("checksum");
  if (checksum !== checksumOf(bytes)) throw new ParseError("checksum", "does not match", checksumOffset);
  const chunks: Chunk[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8("chunk type");
    const flags = reader.u8("chunk flags");
    const length = reader.u16("chunk length");
    if (length < chunkHeaderSize) {
      throw new ParseError("chunk length", `${length} is too short`, reader.offset);
    }
    const value = reader.view(length - chunkHeaderSize, "chunk value");
    // The last chunk of some senders lacks its padding.
    reader.skip(Math.min(padded(length) - length, reader.remaining), "padding");
    chunks.push({ type, flags, value });
  }
  return { sourcePort, destinationPort, verificationTag, chunks };
}

function checksumOf(bytes: Uint8Array): number {
  const copy = bytes.slice();
  copy.fill(0, checksumOffset, packetHeaderSize);
  return crc32c(copy);
}

/** Bytes of a chunk in a packet, with padding. */
export function chunkSize({ value }: Chunk): number {
  return padded(chunkHeaderSize + value.length);
}

export function serializePacket(packet: Packet): Uint8Array {
  const size = packet.chunks.reduce((sum, chunk) => sum + chunkSize(chunk), packetHeaderSize);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  view.setUint16(0, packet.sourcePort);
  view.setUint16(2, packet.destinationPort);
  view.setUint32(4, packet.verificationTag);
  let at = packetHeaderSize;
  for (const chunk of packet.chunks) {
    view.setUint8(at, chunk.type);
    view.setUint8(at + 1, chunk.flags);
    view.setUint16(at + 2, chunkHeaderSize + chunk.value.length);
    out.set(chunk.value, at + chunkHeaderSize);
    at += chunkSize(chunk);
  }
  view.setUint32(checksumOffset, crc32c(out), true);
  return out;
}

/** INIT and INIT ACK: RFC 9260 §3.3.2, §3.3.3. */
export interface Init {
  readonly tag: number;
  /** Bytes that the sender of this has room for. */
  readonly window: number;
  readonly outboundStreams: number;
  readonly inboundStreams: number;
  readonly firstTsn: number;
  /** Of INIT ACK; null without. */
  readonly cookie: Uint8Array | null;
}

const cookieParameter = 7;

/** Throws ParseError. Other parameters are extensions, which we do not use. */
export function parseInit(value: Uint8Array): Init {
  const reader = new ByteReader(value);
  const tag = reader.u32("initiate tag");
  const window = reader.u32("a_rwnd");
  const outboundStreams = reader.u16("outbound streams");
  const inboundStreams = reader.u16("inbound streams");
  const firstTsn = reader.u32("initial TSN");
  if (tag === 0) throw new ParseError("initiate tag", "is 0", 0);
  let cookie: Uint8Array | null = null;
  while (reader.remaining >= chunkHeaderSize) {
    const type = reader.u16("parameter type");
    const length = reader.u16("parameter length");
    if (length < chunkHeaderSize) {
      throw new ParseError("parameter length", `${length} is too short`, reader.offset);
    }
    const content = reader.view(length - chunkHeaderSize, "parameter value");
    reader.skip(Math.min(padded(length) - length, reader.remaining), "padding");
    if (type === cookieParameter) cookie = content;
  }
  return { tag, window, outboundStreams, inboundStreams, firstTsn, cookie };
}

export function serializeInit(init: Init): Uint8Array {
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint32(0, init.tag);
  view.setUint32(4, init.window);
  view.setUint16(8, init.outboundStreams);
  view.setUint16(10, init.inboundStreams);
  view.setUint32(12, init.firstTsn);
  if (init.cookie === null) return head;
  const length = chunkHeaderSize + init.cookie.length;
  return concat([head, Uint8Array.of(0, cookieParameter, length >> 8, length & 0xff), init.cookie]);
}
