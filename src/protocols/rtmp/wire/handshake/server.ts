import { concat } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import { clientKey, findScheme, publicKeySize, serverKey, signFirst, signSecond } from "./digest.ts";
import { type Ciphers, KeyExchange } from "./key_exchange.ts";
import { handshakeSize, HandshakeVersion, plainHandshakePacket } from "./packet.ts";

/** C0 and C1 together. */
export const clientHelloSize = 1 + handshakeSize;

/** What the server says to C0 and C1. C2 follows and needs no look. */
export interface ServerHello {
  /** S0, S1 and S2. */
  readonly bytes: Uint8Array;
  /** For everything after C2 and S2; null: not encrypted. */
  readonly ciphers: Ciphers | null;
}

/** RTMPE fills S1 with the version of a Flash server: clients check digests from 3.0 on. */
const serverVersion = 0x04050001;

/**
 * `hello`: C0 and C1. `random`: 3,072 random bytes. `time`: ms of the server. Throws ParseError. Digests of plain
 * handshakes are not looked at: encoders send packets that only look as if they had one.
 */
export function answerClientHello(hello: Uint8Array, time: number, random: Uint8Array): ServerHello {
  const version = hello[0];
  const c1 = hello.subarray(1, clientHelloSize);
  if (version === HandshakeVersion.encrypted) return answerEncrypted(c1, time, random);
  // "A server that does not recognize the client's requested version should respond with 3" (§5.2.2); what is no
  // version at all (text, TLS) is refused.
  if (version < HandshakeVersion.plain || version > 0x1f) {
    throw new ParseError("C0 version", `${version} is no version of RTMP`, 0);
  }
  const s1 = plainHandshakePacket(time, random);
  return { bytes: concat([Uint8Array.of(HandshakeVersion.plain), s1, c1]), ciphers: null };
}

function answerEncrypted(c1: Uint8Array, time: number, random: Uint8Array): ServerHello {
  const found = findScheme(c1, clientKey);
  if (found === null) throw new ParseError("C1 digest", "is wrong", 1);
  const { scheme, digest } = found;
  const exchange = new KeyExchange();
  const keyAt = scheme.keyOffset(c1);
  const ciphers = exchange.ciphers(c1.slice(keyAt, keyAt + publicKeySize));
  const s1 = firstPacket(time, random, serverVersion);
  s1.set(exchange.publicKey, scheme.keyOffset(s1));
  signFirst(s1, scheme, serverKey);
  const s2 = random.slice(handshakeSize, 2 * handshakeSize);
  signSecond(s2, digest, serverKey);
  return { bytes: concat([Uint8Array.of(HandshakeVersion.encrypted), s1, s2]), ciphers };
}

/** C1 or S1 before key and digest. */
export function firstPacket(time: number, random: Uint8Array, version: number): Uint8Array<ArrayBuffer> {
  const packet = plainHandshakePacket(time, random);
  new DataView(packet.buffer).setUint32(4, version);
  return packet;
}
