/** The key material message: draft-sharabayko-srt §3.2.2. */
import { concat } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import { KeyFlag } from "./packet.ts";
import { readWord, writeWord } from "./words.ts";

const fixedSize = 16;
export const saltSize = 16;
/** RFC 3394: what wrapping adds. */
export const wrapOverhead = 8;
/** Version 1, packet type 2, "HAI". */
const signature = 0x1220_29;
/** Of the stream encapsulation: MPEG-TS over SRT, which is said whatever is inside. */
const encapsulation = 2;

const CipherCode = { ctr: 2, gcm: 4 } as const;
const gcmAuthentication = 1;

export type CipherMode = "ctr" | "gcm";
export type KeyLength = 16 | 24 | 32;

export interface KeyMaterial {
  /** Which keys it has: even, odd or both. */
  readonly keys: number;
  readonly mode: CipherMode;
  readonly keyLength: KeyLength;
  readonly salt: Uint8Array;
  /** The keys, wrapped: even before odd. */
  readonly wrapped: Uint8Array;
}

/** What stands in place of key material when a side has none to give: libsrt's `SRT_KM_STATE`. */
export const KeyState = {
  unsecured: 0,
  securing: 1,
  secured: 2,
  noSecret: 3,
  badSecret: 4,
  badMode: 5,
} as const;

export function isKeyLength(size: number): size is KeyLength {
  return size === 16 || size === 24 || size === 32;
}

/** Throws ParseError. */
export function parseKeyMaterial(bytes: Uint8Array): KeyMaterial {
  if (bytes.length < fixedSize + saltSize) throw new ParseError("key material", "is cut off", bytes.length);
  if (readWord(bytes, 0) >>> 8 !== signature) {
    throw new ParseError("key material", "has another signature", 0);
  }
  const keys = bytes[3] & 3;
  if (keys === KeyFlag.none) throw new ParseError("KK", "names no key", 3);
  const mode = parseMode(bytes[8], bytes[9]);
  if (bytes[10] !== encapsulation) throw new ParseError("SE", `${bytes[10]} is unknown`, 10);
  if (bytes[14] * 4 !== saltSize) throw new ParseError("SLen", `is ${bytes[14]}, not ${saltSize / 4}`, 14);
  const keyLength = bytes[15] * 4;
  if (!isKeyLength(keyLength)) throw new ParseError("KLen", `${bytes[15]} is no length of an AES key`, 15);
  const count = keys === KeyFlag.both ? 2 : 1;
  const end = fixedSize + saltSize + wrapOverhead + count * keyLength;
  if (bytes.length < end) throw new ParseError("wrapped key", "is cut off", bytes.length);
  const salt = bytes.slice(fixedSize, fixedSize + saltSize);
  return { keys, mode, keyLength, salt, wrapped: bytes.slice(fixedSize + saltSize, end) };
}

function parseMode(cipher: number, authentication: number): CipherMode {
  if (cipher === CipherCode.ctr && authentication === 0) return "ctr";
  if (cipher === CipherCode.gcm && authentication === gcmAuthentication) return "gcm";
  throw new ParseError("Cipher", `${cipher} with authentication ${authentication} is unknown`, 8);
}

export function serializeKeyMaterial(material: KeyMaterial): Uint8Array<ArrayBuffer> {
  const fixed = new Uint8Array(fixedSize);
  writeWord(fixed, 0, signature << 8 | material.keys);
  fixed[8] = CipherCode[material.mode];
  fixed[9] = material.mode === "gcm" ? gcmAuthentication : 0;
  fixed[10] = encapsulation;
  fixed[14] = saltSize / 4;
  fixed[15] = material.keyLength / 4;
  return concat([fixed, material.salt, material.wrapped]);
}

/** One word instead of key material. */
export function serializeKeyState(state: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(4);
  writeWord(out, 0, state);
  return out;
}

/** Null when it is key material. Some senders have the state in the byte order of their machine. */
export function parseKeyState(content: Uint8Array): number | null {
  if (content.length !== 4) return null;
  return content[3] !== 0 ? content[3] : content[0];
}
