import { concat } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import {
  checkSecond,
  clientKey,
  findScheme,
  publicKeySize,
  schemes,
  serverKey,
  signFirst,
  signSecond,
} from "./digest.ts";
import { type Ciphers, KeyExchange } from "./key_exchange.ts";
import { handshakeSize, HandshakeVersion, plainHandshakePacket } from "./packet.ts";
import { firstPacket } from "./server.ts";

/** S0, S1 and S2 together. */
export const serverHelloSize = 1 + 2 * handshakeSize;

/** Flash Player 9.0.124.2. */
const clientVersion = 0x09007c02;

/** The client's side of a handshake. `random`: 3,072 random bytes. */
export class ClientHandshake {
  /** C0 and C1. */
  readonly hello: Uint8Array;
  readonly #exchange: KeyExchange | null = null;
  #digest: Uint8Array = new Uint8Array(0);

  constructor(encrypted: boolean, time: number, private readonly random: Uint8Array) {
    if (!encrypted) {
      this.hello = concat([Uint8Array.of(HandshakeVersion.plain), plainHandshakePacket(time, random)]);
      return;
    }
    const scheme = schemes[0];
    const c1 = firstPacket(time, random, clientVersion);
    this.#exchange = new KeyExchange();
    c1.set(this.#exchange.publicKey, scheme.keyOffset(c1));
    this.#digest = signFirst(c1, scheme, clientKey);
    this.hello = concat([Uint8Array.of(HandshakeVersion.encrypted), c1]);
  }

  /** `hello`: S0, S1 and S2. Gives C2. Throws ParseError. */
  answer(hello: Uint8Array): { bytes: Uint8Array; ciphers: Ciphers | null } {
    const s1 = hello.subarray(1, 1 + handshakeSize);
    const s2 = hello.subarray(1 + handshakeSize, serverHelloSize);
    if (this.#exchange === null) {
      // Servers answer with versions of their own liking; what follows is the same.
      return { bytes: s1.slice(), ciphers: null };
    }
    if (hello[0] !== HandshakeVersion.encrypted) {
      throw new ParseError("S0 version", `${hello[0]}: the server does not encrypt`, 0);
    }
    const found = findScheme(s1, serverKey);
    if (found === null) throw new ParseError("S1 digest", "is wrong", 1);
    if (!checkSecond(s2, this.#digest, serverKey)) {
      throw new ParseError("S2 digest", "is wrong", 1 + handshakeSize);
    }
    const keyAt = found.scheme.keyOffset(s1);
    const c2 = this.random.slice(handshakeSize, 2 * handshakeSize);
    signSecond(c2, found.digest, clientKey);
    return { bytes: c2, ciphers: this.#exchange.ciphers(s1.slice(keyAt, keyAt + publicKeySize)) };
  }
}
