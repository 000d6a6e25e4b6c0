/** The ciphers of packets with node:crypto alone. */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import {
  type AeadCipher,
  aeadTagSize,
  type CounterCipher,
  type MessageAuthenticator,
  type PacketCrypto,
  type Span,
} from "../../base/packet_crypto.ts";

const blockSize = 16;

/** On node:crypto: works everywhere. */
export const portableCrypto: PacketCrypto = {
  name: "portable",
  counterMode: (key) => new EcbCounterCipher(key),
  hmacSha1: (key) => new NodeHmac(key),
  gcm: (key) => new NodeGcm(key),
};

/**
 * Counter mode out of one lasting block cipher: starting a cipher for each packet costs several times the encryption, and all
 * packets of a batch can share one call.
 */
class EcbCounterCipher implements CounterCipher {
  readonly #cipher: ReturnType<typeof createCipheriv>;

  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null);
    this.#cipher.setAutoPadding(false);
  }

  apply(counters: Uint8Array, bytes: Uint8Array, spans: readonly Span[]): void {
    let blocks = 0;
    for (const { start, end } of spans) blocks += Math.ceil((end - start) / blockSize);
    const input = new Uint8Array(blocks * blockSize);
    const view = new DataView(input.buffer);
    let at = 0;
    spans.forEach(({ start, end }, i) => {
      const counter = counters.subarray(i * blockSize, (i + 1) * blockSize);
      // SRTP leaves the low 16 bits of the counter to the blocks of one packet, so nothing carries further.
      const first = counter[14] << 8 | counter[15];
      const count = Math.ceil((end - start) / blockSize);
      for (let block = 0; block < count; block++) {
        input.set(counter, at);
        view.setUint16(at + 14, first + block);
        at += blockSize;
      }
    });
    const stream = this.#cipher.update(input);
    at = 0;
    for (const { start, end } of spans) {
      for (let i = start; i < end; i++) bytes[i] ^= stream[at + i - start];
      at += Math.ceil((end - start) / blockSize) * blockSize;
    }
  }

  close(): void {
    this.#cipher.final();
  }
}

class NodeHmac implements MessageAuthenticator {
  constructor(private readonly key: Uint8Array) {}

  sign(bytes: Uint8Array): Uint8Array {
    return createHmac("sha1", this.key).update(bytes).digest();
  }

  close(): void {}
}

class NodeGcm implements AeadCipher {
  readonly #name: "aes-128-gcm" | "aes-256-gcm";

  constructor(private readonly key: Uint8Array) {
    this.#name = key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
  }

  seal(nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array, out: Uint8Array, at: number): void {
    const cipher = createCipheriv(this.#name, this.key, nonce);
    cipher.setAAD(associated);
    out.set(cipher.update(plain), at);
    cipher.final();
    out.set(cipher.getAuthTag(), at + plain.length);
  }

  open(nonce: Uint8Array, associated: Uint8Array, bytes: Uint8Array, { start, end }: Span): boolean {
    const cipher = createDecipheriv(this.#name, this.key, nonce);
    cipher.setAAD(associated);
    cipher.setAuthTag(bytes.subarray(end, end + aeadTagSize));
    bytes.set(cipher.update(bytes.subarray(start, end)), start);
    try {
      cipher.final();
      return true;
    } catch {
      return false;
    }
  }

  close(): void {}
}
