/** One stream key with its salt: draft-sharabayko-srt §6.1.2; AES-GCM as libsrt has it since 1.5.4. */
import {
  type AeadCipher,
  aeadTagSize,
  type CounterCipher,
  type PacketCrypto,
  type Span,
} from "../../../base/packet_crypto.ts";
import type { CipherMode } from "../wire/key_material.ts";
import { headerSize } from "../wire/packet.ts";

const counterSize = 16;
/** Where the packet's sequence number is mixed in. */
const counterSequenceAt = 10;
const nonceSize = 12;
const nonceSequenceAt = 8;
/** R, in the fifth byte of the header: not part of what is authenticated. */
const retransmittedBit = 0x04;

export class KeySlot {
  readonly #counter: CounterCipher | null = null;
  readonly #aead: AeadCipher | null = null;
  #counters = new Uint8Array(16 * counterSize);
  readonly #associated = new Uint8Array(headerSize);

  constructor(
    crypto: PacketCrypto,
    readonly mode: CipherMode,
    readonly key: Uint8Array,
    readonly salt: Uint8Array,
  ) {
    if (mode === "gcm") this.#aead = crypto.gcm(key);
    else this.#counter = crypto.counterMode(key);
  }

  /** Bytes that encryption adds to each packet. */
  get overhead(): number {
    return this.mode === "gcm" ? aeadTagSize : 0;
  }

  /** Encrypts payloads in place; the header of each stands right in front of it, and room for a tag behind. */
  encrypt(bytes: Uint8Array, spans: readonly Span[]): void {
    if (this.#counter !== null) return this.#count(bytes, spans);
    for (const { start, end } of spans) {
      const header = start - headerSize;
      this.#associate(bytes, header);
      this.#aead!.seal(
        this.#nonce(bytes, header),
        this.#associated,
        bytes.subarray(start, end),
        bytes,
        start,
      );
    }
  }

  /** Of one whole packet, in place: the payload, or null when it was not sent with this key. */
  decrypt(packet: Uint8Array): Uint8Array | null {
    const { length } = packet;
    if (this.#counter !== null) {
      this.#count(packet, [{ start: headerSize, end: length }]);
      return packet.subarray(headerSize);
    }
    const end = length - aeadTagSize;
    if (end < headerSize) return null;
    this.#associate(packet, 0);
    const open = this.#aead!.open(this.#nonce(packet, 0), this.#associated, packet, {
      start: headerSize,
      end,
    });
    return open ? packet.subarray(headerSize, end) : null;
  }

  #count(bytes: Uint8Array, spans: readonly Span[]): void {
    if (this.#counters.length < spans.length * counterSize) {
      this.#counters = new Uint8Array(2 * spans.length * counterSize);
    }
    const counters = this.#counters;
    const { salt } = this;
    for (let i = 0; i < spans.length; i++) {
      const at = i * counterSize;
      const header = spans[i].start - headerSize;
      for (let j = 0; j < 14; j++) counters[at + j] = salt[j];
      for (let j = 0; j < 4; j++) counters[at + counterSequenceAt + j] ^= bytes[header + j];
      counters[at + 14] = 0;
      counters[at + 15] = 0;
    }
    this.#counter!.apply(counters, bytes, spans);
  }

  #nonce(bytes: Uint8Array, header: number): Uint8Array {
    const nonce = this.#counters.subarray(0, nonceSize);
    nonce.set(this.salt.subarray(0, nonceSize));
    for (let j = 0; j < 4; j++) nonce[nonceSequenceAt + j] ^= bytes[header + j];
    return nonce;
  }

  #associate(bytes: Uint8Array, header: number): void {
    this.#associated.set(bytes.subarray(header, header + headerSize));
    this.#associated[4] &= ~retransmittedBit;
  }

  close(): void {
    this.#counter?.close();
    this.#aead?.close();
  }
}
