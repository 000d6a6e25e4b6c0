/** Diffie-Hellman with the group of RFC 2409 §6.2 (1024 bits, generator 2), and the ciphers that come of it. */
import { createDiffieHellmanGroup } from "node:crypto";
import { ParseError } from "../../../../base/errors.ts";
import { hmac, publicKeySize } from "./digest.ts";
import { handshakeSize } from "./packet.ts";
import { Rc4 } from "./rc4.ts";

/** One for each direction, both past the bytes that the handshake would have taken. */
export interface Ciphers {
  readonly incoming: Rc4;
  readonly outgoing: Rc4;
}

const cipherKeySize = 16;

export class KeyExchange {
  readonly #group = createDiffieHellmanGroup("modp2");
  /** Always 128 bytes. */
  readonly publicKey: Uint8Array;

  constructor() {
    this.publicKey = padded(this.#group.generateKeys());
  }

  /** Throws ParseError when the peer's key gives no secret. */
  ciphers(peerKey: Uint8Array): Ciphers {
    let secret: Uint8Array;
    try {
      secret = padded(this.#group.computeSecret(peerKey));
    } catch {
      throw new ParseError("Diffie-Hellman key", "is not valid");
    }
    const cipher = (key: Uint8Array): Rc4 => {
      const rc4 = new Rc4(hmac(secret, key).subarray(0, cipherKeySize));
      rc4.apply(new Uint8Array(handshakeSize));
      return rc4;
    };
    return { incoming: cipher(this.publicKey), outgoing: cipher(peerKey) };
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length === publicKeySize) return bytes;
  const out = new Uint8Array(publicKeySize);
  out.set(bytes, publicKeySize - bytes.length);
  return out;
}
