/** The cryptographic half of SRTP and SRTCP: nonces, encryption, tags. It knows nothing of windows and counters. */
import { timingSafeEqual } from "node:crypto";
import type {
  AeadCipher,
  CounterCipher,
  MessageAuthenticator,
  PacketCrypto,
  Span,
} from "../../base/packet_crypto.ts";
import { rtpHeaderSize } from "../packet.ts";
import { rtcpEncryptedFlag, writeU32 } from "./header.ts";
import type { PacketPlace } from "./plain_batch.ts";
import { rolloverOf, sequenceOf } from "./rollover.ts";
import type { SessionKeys, SrtpProfile } from "./profile.ts";

/** A packet to be sealed: its payload in plain, and its place in the buffer that gets it, where its header lies already. */
export interface SealedPlace extends PacketPlace {
  readonly payload: Uint8Array;
}

export interface PacketCipher {
  readonly tagSize: number;
  /** AEAD tags come right behind the payload, HMAC tags at the very end of the packet. */
  readonly tagFollowsPayload: boolean;
  /**
   * Encrypts each payload into its place. `indices`: 48 bits for RTP, ROC and sequence number; 31 for RTCP. The payload
   * may lie in its place already.
   */
  seal(bytes: Uint8Array, packets: readonly SealedPlace[], indices: ArrayLike<number>): void;
  /**
   * Checks the tag and decrypts in place. `trailer` is what the tag covers besides the packet: ROC, or E flag and SRTCP
   * index.
   */
  open(bytes: Uint8Array, packet: PacketPlace, index: number, trailer: number, encrypted: boolean): boolean;
  close(): void;
}

export function createPacketCipher(
  crypto: PacketCrypto,
  profile: SrtpProfile,
  keys: SessionKeys,
  kind: "rtp" | "rtcp",
): PacketCipher {
  const tagSize = kind === "rtp" ? profile.tagSize : profile.rtcpTagSize;
  return profile.cipher === "gcm"
    ? new GcmPacketCipher(crypto, keys, tagSize, kind === "rtcp")
    : new CounterPacketCipher(crypto, keys, tagSize, kind === "rtcp");
}

/** 6 bytes. */
function writeIndex(bytes: Uint8Array, at: number, index: number): void {
  const sequence = sequenceOf(index);
  writeU32(bytes, at, rolloverOf(index));
  bytes[at + 4] = sequence >> 8;
  bytes[at + 5] = sequence;
}

/** What the tag of a packet that we send covers besides the packet. */
function trailerOf(index: number, rtcp: boolean): number {
  return rtcp ? (rtcpEncryptedFlag | index) >>> 0 : rolloverOf(index);
}

/** RFC 3711 §4.1.1 and §4.2.1. */
class CounterPacketCipher implements PacketCipher {
  readonly tagFollowsPayload = false;
  readonly #cipher: CounterCipher;
  readonly #auth: MessageAuthenticator;
  readonly #salt: Uint8Array;
  #counters = new Uint8Array(16 * 8);

  constructor(
    crypto: PacketCrypto,
    keys: SessionKeys,
    readonly tagSize: number,
    private readonly rtcp: boolean,
  ) {
    this.#cipher = crypto.counterMode(keys.key);
    this.#auth = crypto.hmacSha1(keys.authKey);
    this.#salt = keys.salt;
  }

  #crypt(bytes: Uint8Array, packets: readonly PacketPlace[], indices: ArrayLike<number>): void {
    if (this.#counters.length < packets.length * 16) this.#counters = new Uint8Array(packets.length * 16);
    const spans: Span[] = [];
    packets.forEach(({ start, header, end, ssrc }, i) => {
      const index = indices[i];
      const iv = this.#counters.subarray(i * 16, i * 16 + 16);
      iv.fill(0);
      writeU32(iv, 4, ssrc);
      writeIndex(iv, 8, index);
      for (let k = 0; k < 14; k++) iv[k] ^= this.#salt[k];
      spans.push({ start: start + header, end });
    });
    this.#cipher.apply(this.#counters, bytes, spans);
  }

  /** The trailer is written behind the packet, where the tag comes later: so one call covers both. */
  #tag(bytes: Uint8Array, { start, end }: PacketPlace, trailer: number): Uint8Array {
    writeU32(bytes, end, trailer);
    return this.#auth.sign(bytes.subarray(start, end + 4));
  }

  seal(bytes: Uint8Array, packets: readonly SealedPlace[], indices: ArrayLike<number>): void {
    for (const { payload, start, header } of packets) bytes.set(payload, start + header);
    this.#crypt(bytes, packets, indices);
    for (let i = 0; i < packets.length; i++) {
      const tag = this.#tag(bytes, packets[i], trailerOf(indices[i], this.rtcp));
      bytes.set(tag.subarray(0, this.tagSize), packets[i].tagAt);
    }
  }

  open(bytes: Uint8Array, packet: PacketPlace, index: number, trailer: number, encrypted: boolean): boolean {
    const given = bytes.slice(packet.tagAt, packet.tagAt + this.tagSize);
    const computed = this.#tag(bytes, packet, trailer);
    if (!timingSafeEqual(given, computed.subarray(0, this.tagSize))) return false;
    if (encrypted) this.#crypt(bytes, [packet], [index]);
    return true;
  }

  close(): void {
    this.#cipher.close();
    this.#auth.close();
  }
}

/** RFC 7714 §8 and §9: the tag follows the ciphertext, and the SRTCP trailer is authenticated data. */
class GcmPacketCipher implements PacketCipher {
  readonly tagFollowsPayload = true;
  readonly #cipher: AeadCipher;
  readonly #salt: Uint8Array;
  readonly #nonce = new Uint8Array(12);
  /** What the first half of the nonce is made of; -1: it is not there yet. */
  #ssrc = -1;
  readonly #header = new Uint8Array(rtpHeaderSize);

  constructor(
    crypto: PacketCrypto,
    keys: SessionKeys,
    readonly tagSize: number,
    private readonly rtcp: boolean,
  ) {
    this.#cipher = crypto.gcm(keys.key);
    this.#salt = keys.salt;
  }

  /** Both forms have the same layout: RTP has ROC and sequence number in the last 6 bytes, RTCP its 31-bit index. */
  #setNonce(ssrc: number, index: number): void {
    const nonce = this.#nonce;
    const salt = this.#salt;
    if (ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      nonce[0] = 0;
      nonce[1] = 0;
      writeU32(nonce, 2, ssrc);
      for (let i = 0; i < 6; i++) nonce[i] ^= salt[i];
    }
    writeIndex(nonce, 6, index);
    for (let i = 6; i < 12; i++) nonce[i] ^= salt[i];
  }

  #associated(bytes: Uint8Array, start: number, end: number, trailer: number): Uint8Array {
    if (!this.rtcp) {
      if (end - start !== rtpHeaderSize) return bytes.subarray(start, end);
      // Nearly always: a copy into a buffer that is there costs less than a view.
      for (let i = 0; i < rtpHeaderSize; i++) this.#header[i] = bytes[start + i];
      return this.#header;
    }
    const out = new Uint8Array(end - start + 4);
    out.set(bytes.subarray(start, end));
    writeU32(out, end - start, trailer);
    return out;
  }

  seal(bytes: Uint8Array, packets: readonly SealedPlace[], indices: ArrayLike<number>): void {
    for (let i = 0; i < packets.length; i++) {
      const { start, header, ssrc, payload } = packets[i];
      const index = indices[i];
      this.#setNonce(ssrc, index);
      const from = start + header;
      const associated = this.#associated(bytes, start, from, trailerOf(index, this.rtcp));
      this.#cipher.seal(this.#nonce, associated, payload, bytes, from);
    }
  }

  open(bytes: Uint8Array, packet: PacketPlace, index: number, trailer: number, encrypted: boolean): boolean {
    const { start, header, end, ssrc } = packet;
    this.#setNonce(ssrc, index);
    const clearEnd = encrypted ? start + header : end;
    const associated = this.#associated(bytes, start, clearEnd, trailer);
    return this.#cipher.open(this.#nonce, associated, bytes, { start: clearEnd, end });
  }

  close(): void {
    this.#cipher.close();
  }
}
