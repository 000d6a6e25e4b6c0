/** The packet header: draft-sharabayko-srt §3. */
import { ParseError } from "../../../base/errors.ts";
import { readWord, writeWord } from "./words.ts";

export const headerSize = 16;
/** IPv4 and UDP headers, which SRT counts into its maximum segment size. */
export const udpHeaderSize = 28;
/** The segment size that everybody announces: an Ethernet frame. */
export const segmentSize = 1500;
/** Payload of one packet, a cipher's tag included. */
export const maxPayloadSize: number = segmentSize - udpHeaderSize - headerSize;

/** §3.2, table 1. */
export const ControlType = {
  handshake: 0,
  keepAlive: 1,
  ack: 2,
  nak: 3,
  congestionWarning: 4,
  shutdown: 5,
  ackAck: 6,
  dropRequest: 7,
  peerError: 8,
  userDefined: 0x7fff,
} as const;

export function isControl(packet: Uint8Array): boolean {
  return (packet[0] & 0x80) !== 0;
}

/** 0: a handshake for nobody yet. The caller has checked that there is a whole header. */
export function destinationOf(packet: Uint8Array): number {
  return readWord(packet, 12);
}

/** Microseconds since the sender's start, wrapping; of data and control packets alike. */
export function timestampOf(packet: Uint8Array): number {
  return readWord(packet, 8);
}

export interface ControlPacket {
  readonly type: number;
  /** Of user-defined packets: the extension command. */
  readonly subtype: number;
  /** Type-specific information. */
  readonly info: number;
  readonly timestamp: number;
  readonly destination: number;
  /** Control information field: a view. */
  readonly body: Uint8Array;
}

/** Throws ParseError. */
export function parseControl(packet: Uint8Array): ControlPacket {
  if (packet.length < headerSize) throw new ParseError("header", "is cut off", packet.length);
  return {
    type: (packet[0] & 0x7f) << 8 | packet[1],
    subtype: packet[2] << 8 | packet[3],
    info: readWord(packet, 4),
    timestamp: timestampOf(packet),
    destination: destinationOf(packet),
    body: packet.subarray(headerSize),
  };
}

export function serializeControl(packet: ControlPacket): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(headerSize + packet.body.length);
  writeWord(out, 0, (0x8000 | packet.type) << 16 | packet.subtype);
  writeWord(out, 4, packet.info);
  writeWord(out, 8, packet.timestamp);
  writeWord(out, 12, packet.destination);
  out.set(packet.body, headerSize);
  return out;
}

/** The second word of a data packet, §3.1. */
export const DataFlags = {
  /** PP: first and last packet of its message. */
  solo: 0xc000_0000,
  /** O: deliver in order. */
  inOrder: 0x2000_0000,
  /** R */
  retransmitted: 0x0400_0000,
} as const;

export const messageNumberMask = 0x03ff_ffff;
/** KK: which key the payload is encrypted with. */
export const KeyFlag = { none: 0, even: 1, odd: 2, both: 3 } as const;

export function keyFlagOf(flags: number): number {
  return flags >>> 27 & 3;
}

export function withKeyFlag(flags: number, key: number): number {
  return (flags | key << 27) >>> 0;
}

/** Writes the header of a data packet; `flags` has flags, key and message number. */
export function writeDataHeader(
  out: Uint8Array,
  at: number,
  sequence: number,
  flags: number,
  timestamp: number,
  destination: number,
): void {
  writeWord(out, at, sequence);
  writeWord(out, at + 4, flags);
  writeWord(out, at + 8, timestamp);
  writeWord(out, at + 12, destination);
}
