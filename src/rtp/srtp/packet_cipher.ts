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
import { writeU32 } from "./header.ts";
import type { SessionKeys, SrtpProfile } from "./profile.ts";

/** A packet in a larger buffer. RTP: `header` bytes stay clear, `index` is ROC and sequence number. RTCP: 8 and the index. */
export interface CipherJob {
  readonly start: number;
  readonly header: number;
  /** End of the payload; behind it there is room for what the profile adds. */
  readonly end: number;
  readonly ssrc: number;
  /** 48 bits for RTP, 31 for RTCP. */
  readonly index: number;
  /** Where HMAC tags are; those of AEAD always follow the payload. */
  readonly tagAt: number;
}

export interface PacketCipher {
  readonly tagSize: number;
  /** AEAD tags come right behind the payload, HMAC tags at the very end of the packet. */
  readonly tagFollowsPayload: boolean;
  /** Encrypts in place. `trailer` is what the tag covers besides the packet: ROC, or E flag and SRTCP index. */
  seal(bytes: Uint8Array, jobs: readonly CipherJob[], trailer: (index: number) => number): void;
  /** Checks the tag and decrypts in place. */
  open(bytes: Uint8Array, job: CipherJob, trailer: number, encrypted: boolean): boolean;
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
    : new CounterPacketCipher(crypto, keys, tagSize);
}

/** RFC 3711 §4.1.1 and §4.2.1. */
class CounterPacketCipher implements PacketCipher {
  readonly tagFollowsPayload = false;
  readonly #cipher: CounterCipher;
  readonly #auth: MessageAuthenticator;
  readonly #salt: Uint8Array;
  #counters = new Uint8Array(16 * 8);

  constructor(crypto: PacketCrypto, keys: SessionKeys, readonly tagSize: number) {
    this.#cipher = crypto.counterMode(keys.key);
    this.#auth = crypto.hmacSha1(keys.authKey);
    this.#salt = keys.salt;
  }

  #crypt(bytes: Uint8Array, jobs: readonly CipherJob[]): void {
    if (this.#counters.length < jobs.length * 16) this.#counters = new Uint8Array(jobs.length * 16);
    const spans: Span[] = [];
    jobs.forEach(({ start, header, end, ssrc, index }, i) => {
      const iv = this.#counters.subarray(i * 16, i * 16 + 16);
      iv.fill(0);
      writeU32(iv, 4, ssrc);
      iv[8] = index / 2 ** 40;
      iv[9] = index / 2 ** 32;
      writeU32(iv, 10, index % 2 ** 32);
      for (let k = 0; k < 14; k++) iv[k] ^= this.#salt[k];
      spans.push({ start: start + header, end });
    });
    this.#cipher.apply(this.#counters, bytes, spans);
  }

  /** The trailer is written behind the packet, where the tag comes later: so one call covers both. */
  #tag(bytes: Uint8Array, { start, end }: CipherJob, trailer: number): Uint8Array {
    writeU32(bytes, end, trailer);
    return this.#auth.sign(bytes.subarray(start, end + 4));
  }

  seal(bytes: Uint8Array, jobs: readonly CipherJob[], trailer: (index: number) => number): void {
    this.#crypt(bytes, jobs);
    for (const job of jobs) {
      const tag = this.#tag(bytes, job, trailer(job.index));
      bytes.set(tag.subarray(0, this.tagSize), job.tagAt);
    }
  }

  open(bytes: Uint8Array, job: CipherJob, trailer: number, encrypted: boolean): boolean {
    const given = bytes.slice(job.tagAt, job.tagAt + this.tagSize);
    const computed = this.#tag(bytes, job, trailer);
    if (!timingSafeEqual(given, computed.subarray(0, this.tagSize))) return false;
    if (encrypted) this.#crypt(bytes, [job]);
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
    nonce[0] = 0;
    nonce[1] = 0;
    writeU32(nonce, 2, ssrc);
    nonce[6] = index / 2 ** 40;
    nonce[7] = index / 2 ** 32;
    writeU32(nonce, 8, index % 2 ** 32);
    for (let i = 0; i < 12; i++) nonce[i] ^= this.#salt[i];
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

  seal(bytes: Uint8Array, jobs: readonly CipherJob[], trailer: (index: number) => number): void {
    for (const { start, header, end, ssrc, index } of jobs) {
      this.#setNonce(ssrc, index);
      const associated = this.#associated(bytes, start, start + header, trailer(index));
      this.#cipher.seal(this.#nonce, associated, bytes, { start: start + header, end });
    }
  }

  open(bytes: Uint8Array, job: CipherJob, trailer: number, encrypted: boolean): boolean {
    const { start, header, end, ssrc, index } = job;
    this.#setNonce(ssrc, index);
    const clearEnd = encrypted ? start + header : end;
    const associated = this.#associated(bytes, start, clearEnd, trailer);
    return this.#cipher.open(this.#nonce, associated, bytes, { start: clearEnd, end });
  }

  close(): void {
    this.#cipher.close();
  }
}
