/** The handshake: draft-sharabayko-srt §3.2.1. */
import { ParseError } from "../../../base/errors.ts";
import { type Extension, parseExtensions, serializeExtensions } from "./extension.ts";
import { readWord, writeWord } from "./words.ts";

const handshakeSize = 48;
/** In the extension field of an induction answer: "I speak version 5". */
export const srtMagic = 0x4a17;
/** In the extension field of an induction request: a datagram socket. */
export const datagramType = 2;

/** Values over 1000 are rejections. */
export const HandshakeType = {
  induction: 1,
  conclusion: 0xffff_ffff,
  agreement: 0xffff_fffe,
  rejectionBase: 1000,
} as const;

/** Why a connection is refused: libsrt's `SRT_REJECT_REASON`. */
export const Rejection = {
  unknown: 0,
  /** By the application. */
  peer: 2,
  resource: 3,
  /** The handshake makes no sense. */
  rogue: 4,
  backlog: 5,
  close: 7,
  version: 8,
  badSecret: 10,
  /** A passphrase is missing on one side. */
  unsecure: 11,
  messageApi: 12,
  congestion: 13,
  filter: 14,
  group: 15,
  crypto: 17,
} as const;

const rejectionTexts: Readonly<Record<number, string>> = {
  [Rejection.peer]: "rejected by the peer",
  [Rejection.resource]: "the peer is out of resources",
  [Rejection.rogue]: "the peer did not understand the handshake",
  [Rejection.backlog]: "the peer has too many waiting connections",
  [Rejection.close]: "the peer is closing",
  [Rejection.version]: "the peer demands another version of SRT",
  [Rejection.badSecret]: "wrong passphrase",
  [Rejection.unsecure]: "a passphrase is required or unexpected",
  [Rejection.messageApi]: "the peer is not in live mode",
  [Rejection.congestion]: "the peer has another congestion control",
  [Rejection.filter]: "the peer has another packet filter",
  [Rejection.group]: "the peer accepts no groups",
  [Rejection.crypto]: "the peer has another cipher mode",
};

/** One phrase for the log. */
export function rejectionText(code: number): string {
  return `${rejectionTexts[code] ?? "rejected"} (code ${HandshakeType.rejectionBase + code})`;
}

export interface Handshake {
  readonly version: number;
  /** Length of the key in units of 8 bytes; 0 for none or any. */
  readonly keyUnits: number;
  /** Magic, socket type or extension flags, depending on the phase. */
  readonly extensionField: number;
  readonly initialSequence: number;
  readonly segmentSize: number;
  /** Packets that may be under way without an acknowledgement. */
  readonly flowWindow: number;
  readonly type: number;
  readonly socketId: number;
  readonly cookie: number;
  /** 16 bytes, IPv4 in the first four, each word in the reverse order. */
  readonly peerIp: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** `body`: behind the packet's header. Throws ParseError. */
export function parseHandshake(body: Uint8Array): Handshake {
  if (body.length < handshakeSize) throw new ParseError("handshake", "is cut off", body.length);
  const version = readWord(body, 0);
  const type = readWord(body, 20);
  const extended = version >= 5 && type === HandshakeType.conclusion;
  return {
    version,
    keyUnits: body[4] << 8 | body[5],
    extensionField: body[6] << 8 | body[7],
    initialSequence: readWord(body, 8) & 0x7fff_ffff,
    segmentSize: readWord(body, 12),
    flowWindow: readWord(body, 16),
    type,
    socketId: readWord(body, 24),
    cookie: readWord(body, 28),
    peerIp: body.subarray(32, handshakeSize),
    extensions: extended ? parseExtensions(body.subarray(handshakeSize)) : [],
  };
}

export function serializeHandshake(handshake: Handshake): Uint8Array<ArrayBuffer> {
  const extensions = serializeExtensions(handshake.extensions);
  const out = new Uint8Array(handshakeSize + extensions.length);
  writeWord(out, 0, handshake.version);
  writeWord(out, 4, (handshake.keyUnits << 16 | handshake.extensionField) >>> 0);
  writeWord(out, 8, handshake.initialSequence);
  writeWord(out, 12, handshake.segmentSize);
  writeWord(out, 16, handshake.flowWindow);
  writeWord(out, 20, handshake.type);
  writeWord(out, 24, handshake.socketId);
  writeWord(out, 28, handshake.cookie);
  out.set(handshake.peerIp, 32);
  out.set(extensions, handshakeSize);
  return out;
}

/** Bits of the extension field of a conclusion. */
export const ExtensionFlag = { handshake: 1, keyMaterial: 2, configuration: 4 } as const;
