/**
 * Digests and Diffie-Hellman keys inside C1, S1, C2 and S2. Not in the RTMP specification: after "RTMPE", as Flash
 * players, FFmpeg and librtmp implement it. Where in the packet a digest stands, four of its own bytes say; there are
 * two schemes of where those bytes are.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { handshakeSize } from "./packet.ts";

const digestSize = 32;
export const publicKeySize = 128;

const keyTail = Uint8Array.of(
  ...[0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57],
  ...[0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae],
);

/** The two well-known keys. `name` signs C1 or S1, `full` C2 or S2. */
export interface PartyKey {
  readonly name: Uint8Array;
  readonly full: Uint8Array;
}

function partyKey(text: string): PartyKey {
  const name = new TextEncoder().encode(text);
  const full = new Uint8Array(name.length + keyTail.length);
  full.set(name);
  full.set(keyTail, name.length);
  return { name, full };
}

export const clientKey: PartyKey = partyKey("Genuine Adobe Flash Player 001");
export const serverKey: PartyKey = partyKey("Genuine Adobe Flash Media Server 001");

/** Where a packet has its digest and its public key. */
export interface Scheme {
  readonly digestOffset: (packet: Uint8Array) => number;
  readonly keyOffset: (packet: Uint8Array) => number;
}

function sumAt(packet: Uint8Array, at: number): number {
  return packet[at] + packet[at + 1] + packet[at + 2] + packet[at + 3];
}

export const schemes: readonly Scheme[] = [
  {
    digestOffset: (packet) => sumAt(packet, 8) % 728 + 12,
    keyOffset: (packet) => sumAt(packet, 1532) % 632 + 772,
  },
  {
    digestOffset: (packet) => sumAt(packet, 772) % 728 + 776,
    keyOffset: (packet) => sumAt(packet, 768) % 632 + 8,
  },
];

export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const sum = createHmac("sha256", key);
  for (const part of parts) sum.update(part);
  return sum.digest();
}

function digestOf(packet: Uint8Array, at: number, key: Uint8Array): Uint8Array {
  return hmac(key, packet.subarray(0, at), packet.subarray(at + digestSize));
}

/** Puts a digest into C1 or S1; gives the digest. */
export function signFirst(packet: Uint8Array, scheme: Scheme, key: PartyKey): Uint8Array {
  const at = scheme.digestOffset(packet);
  const digest = digestOf(packet, at, key.name);
  packet.set(digest, at);
  return digest;
}

/** The scheme whose digest is right, and that digest; null when none is. */
export function findScheme(packet: Uint8Array, key: PartyKey): { scheme: Scheme; digest: Uint8Array } | null {
  for (const scheme of schemes) {
    const at = scheme.digestOffset(packet);
    const digest = packet.slice(at, at + digestSize);
    if (timingSafeEqual(digest, digestOf(packet, at, key.name))) return { scheme, digest };
  }
  return null;
}

/** Puts into the end of C2 or S2 the proof that the peer's digest was read. */
export function signSecond(packet: Uint8Array, peerDigest: Uint8Array, key: PartyKey): void {
  const at = handshakeSize - digestSize;
  packet.set(hmac(hmac(key.full, peerDigest), packet.subarray(0, at)), at);
}

/** Does C2 or S2 answer our digest? */
export function checkSecond(packet: Uint8Array, ourDigest: Uint8Array, key: PartyKey): boolean {
  const at = handshakeSize - digestSize;
  return timingSafeEqual(packet.subarray(at), hmac(hmac(key.full, ourDigest), packet.subarray(0, at)));
}
