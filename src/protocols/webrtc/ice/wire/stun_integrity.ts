/** MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489 §14.5–14.7). */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { StunMessage } from "./stun.ts";
import { crc32 } from "./crc32.ts";

export const integritySize = 20;
const fingerprintMask = 0x5354554e;

export type IntegrityResult = "right" | "wrong" | "missing";

/** HMAC over what is before `at`, with the length in the header counted up to the end of an attribute of `size` bytes. */
function hmacUpTo(
  bytes: Uint8Array,
  at: number,
  size: number,
  algorithm: "sha1" | "sha256",
  key: Uint8Array,
): Uint8Array {
  const length = at + 4 + size - 20;
  const start = bytes.slice(0, 4);
  start[2] = length >> 8;
  start[3] = length;
  return createHmac(algorithm, key).update(start).update(bytes.subarray(4, at)).digest();
}

/** The value of an attribute that begins at `at`. */
export function messageIntegrity(bytes: Uint8Array, at: number, key: Uint8Array): Uint8Array {
  return hmacUpTo(bytes, at, integritySize, "sha1", key);
}

/** The value of FINGERPRINT when it begins at `at`; the header must already have its final length. */
export function messageFingerprint(bytes: Uint8Array, at: number): number {
  return (crc32(bytes, at) ^ fingerprintMask) >>> 0;
}

/** SHA-1, or SHA-256 where only that is there. Takes constant time. */
export function checkIntegrity(message: StunMessage, key: Uint8Array): IntegrityResult {
  const { bytes, integrityAt, integritySha256At } = message;
  const at = integrityAt ?? integritySha256At;
  if (at === null) return "missing";
  const size = bytes[at + 2] << 8 | bytes[at + 3];
  const expected = hmacUpTo(bytes, at, size, integrityAt === null ? "sha256" : "sha1", key).subarray(0, size);
  return timingSafeEqual(expected, bytes.subarray(at + 4, at + 4 + size)) ? "right" : "wrong";
}

export function checkFingerprint(message: StunMessage): IntegrityResult {
  const { bytes, fingerprintAt: at } = message;
  if (at === null) return "missing";
  const value = (bytes[at + 4] << 24 | bytes[at + 5] << 16 | bytes[at + 6] << 8 | bytes[at + 7]) >>> 0;
  return value === messageFingerprint(bytes, at) ? "right" : "wrong";
}

/** Key of short-term credentials (RFC 8489 §9.1.1): passwords of ICE are ASCII. */
export function shortTermKey(password: string): Uint8Array {
  return new TextEncoder().encode(password);
}

/** Key of long-term credentials (RFC 8489 §9.2.2), as TURN servers use them. */
export function longTermKey(username: string, realm: string, password: string): Uint8Array {
  return createHash("md5").update(`${username}:${realm}:${password}`).digest();
}
