/** Extensions of a handshake: draft-sharabayko-srt §3.2.1.1 to §3.2.1.3. */
import { concat } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import { readWord, writeWord } from "./words.ts";

export const ExtensionType = {
  handshakeRequest: 1,
  handshakeResponse: 2,
  keyMaterialRequest: 3,
  keyMaterialResponse: 4,
  streamId: 5,
  congestion: 6,
  filter: 7,
  group: 8,
} as const;

/** A handshake has one of each at the most. */
export const maxExtensions = 16;
/** §3.2.1.3: the longest stream id, in bytes. */
export const maxStreamIdSize = 512;

export interface Extension {
  readonly type: number;
  /** A multiple of four bytes. */
  readonly content: Uint8Array;
}

/** Throws ParseError. */
export function parseExtensions(bytes: Uint8Array): Extension[] {
  const extensions: Extension[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) throw new ParseError("extension", "its header is cut off", at);
    if (extensions.length === maxExtensions) {
      throw new ParseError("extensions", `are more than ${maxExtensions}`, at);
    }
    const type = bytes[at] << 8 | bytes[at + 1];
    const end = at + 4 + 4 * (bytes[at + 2] << 8 | bytes[at + 3]);
    if (end > bytes.length) throw new ParseError("extension", "is cut off", at);
    extensions.push({ type, content: bytes.subarray(at + 4, end) });
    at = end;
  }
  return extensions;
}

export function serializeExtensions(extensions: readonly Extension[]): Uint8Array<ArrayBuffer> {
  return concat(extensions.flatMap(({ type, content }) => {
    const header = new Uint8Array(4);
    writeWord(header, 0, type << 16 | content.length / 4);
    return [header, content];
  }));
}

/** Bits of the handshake extension, §3.2.1.1.1. */
export const SrtFlag = {
  tsbpdSender: 1,
  tsbpdReceiver: 2,
  encryption: 4,
  tooLateDrop: 8,
  periodicNak: 16,
  retransmitFlag: 32,
  stream: 64,
  packetFilter: 128,
} as const;

export interface HandshakeExtension {
  /** 0x00MMmmpp */
  readonly srtVersion: number;
  readonly flags: number;
  /** Delay, in ms, that the sender of this message wants for what it receives. */
  readonly receiverDelay: number;
  /** The least delay, in ms, that it wants its peer to have. */
  readonly senderDelay: number;
}

const handshakeExtensionSize = 12;

/** Throws ParseError. */
export function parseHandshakeExtension(content: Uint8Array): HandshakeExtension {
  if (content.length < handshakeExtensionSize) {
    throw new ParseError("handshake extension", "is cut off", content.length);
  }
  return {
    srtVersion: readWord(content, 0),
    flags: readWord(content, 4),
    receiverDelay: content[8] << 8 | content[9],
    senderDelay: content[10] << 8 | content[11],
  };
}

export function serializeHandshakeExtension(value: HandshakeExtension): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(handshakeExtensionSize);
  writeWord(out, 0, value.srtVersion);
  writeWord(out, 4, value.flags);
  writeWord(out, 8, (value.receiverDelay << 16 | value.senderDelay) >>> 0);
  return out;
}

/** Text in words of four bytes, each in the reverse order, filled up with zeros (§3.2.1.3). Throws ParseError. */
export function parseText(content: Uint8Array): string {
  if (content.length > maxStreamIdSize) {
    throw new ParseError("text", `is longer than ${maxStreamIdSize} bytes`, maxStreamIdSize);
  }
  const bytes = reverseWords(content);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end));
  } catch {
    throw new ParseError("text", "is not UTF-8");
  }
}

/** Throws ParseError when it is too long. */
export function serializeText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > maxStreamIdSize) {
    throw new ParseError("text", `is longer than ${maxStreamIdSize} bytes`, maxStreamIdSize);
  }
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return reverseWords(padded);
}

function reverseWords(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes[i ^ 3];
  return out;
}
