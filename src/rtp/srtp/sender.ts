/** Protects RTP and RTCP packets that we send (RFC 3711, RFC 7714). */
import { Slab } from "../../base/slab.ts";
import { type CipherJob, createPacketCipher, type PacketCipher } from "./packet_cipher.ts";
import {
  readU32,
  rtcpClearSize,
  rtcpEncryptedFlag,
  rtcpTrailerSize,
  rtpClearSize,
  writeU32,
} from "./header.ts";
import { deriveSessionKeys, type SrtpParameters } from "./profile.ts";
import { RolloverCounter } from "./rollover.ts";

/** Packets back to back: `sizes[i]` bytes each. The same shape that UDP sockets send. */
export interface SrtpBatch {
  readonly bytes: Uint8Array;
  readonly sizes: readonly number[];
}

/** What one receiver is sent otherwise than the others who get the same packets: written while they are copied. */
export interface RtpRewrite {
  /** Of every packet. */
  readonly payloadType: number;
  /** Added to the sequence numbers, modulo 2^16. */
  readonly sequenceOffset: number;
  /** Added to the timestamps, modulo 2^32. */
  readonly timestampOffset: number;
}

/** RTP trailer of the authenticated part: the rollover counter. */
const rolloverOf = (index: number) => Math.floor(index / 0x10000);

/** Thousands of protected batches a second share few allocations; each is on its way, and gone, within milliseconds. */
const room = new Slab();

function applyRewrite(bytes: Uint8Array, at: number, rewrite: RtpRewrite): void {
  bytes[at + 1] = (bytes[at + 1] & 0x80) | rewrite.payloadType;
  const sequence = (bytes[at + 2] << 8 | bytes[at + 3]) + rewrite.sequenceOffset;
  bytes[at + 2] = sequence >> 8;
  bytes[at + 3] = sequence;
  if (rewrite.timestampOffset !== 0) {
    writeU32(bytes, at + 4, readU32(bytes, at + 4) + rewrite.timestampOffset);
  }
}

/** Protects what we send. Shared by all who get the same packets under the same key. */
export class SrtpSender {
  readonly #rtp: PacketCipher;
  readonly #rtcp: PacketCipher;
  readonly #mki: Uint8Array;
  readonly #rollovers: ReadonlyMap<number, number>;
  readonly #counters = new Map<number, RolloverCounter>();
  readonly #rtcpIndices = new Map<number, number>();

  /** Throws UserError when key or salt do not fit the profile. */
  constructor(parameters: SrtpParameters) {
    const { crypto, profile } = parameters;
    this.#rtp = createPacketCipher(crypto, profile, deriveSessionKeys(parameters, "rtp"), "rtp");
    this.#rtcp = createPacketCipher(crypto, profile, deriveSessionKeys(parameters, "rtcp"), "rtcp");
    this.#mki = parameters.mki ?? new Uint8Array(0);
    this.#rollovers = parameters.rollovers ?? new Map();
  }

  /** Bytes that RTP packets grow by. */
  get overhead(): number {
    return this.#rtp.tagSize + this.#mki.length;
  }

  /** The rollover counter that a late joiner must start with. */
  rollover(ssrc: number): number {
    return this.#counters.get(ssrc)?.value ?? this.#rollovers.get(ssrc) ?? 0;
  }

  #counter(ssrc: number): RolloverCounter {
    let counter = this.#counters.get(ssrc);
    if (counter === undefined) {
      counter = new RolloverCounter(this.#rollovers.get(ssrc) ?? 0);
      this.#counters.set(ssrc, counter);
    }
    return counter;
  }

  /**
   * A new buffer with the packets of `batch` protected, after `rewrite` if one is given. The same packet protected again
   * gives the same bytes, as retransmission needs. The packets are ours: one that is no RTP is a defect and throws.
   */
  protect(batch: SrtpBatch, rewrite?: RtpRewrite): SrtpBatch {
    const { overhead } = this;
    const source = batch.bytes;
    const sizes = batch.sizes.map((size) => size + overhead);
    const bytes = room.take(source.length + sizes.length * overhead);
    const jobs: CipherJob[] = [];
    let from = 0;
    let start = 0;
    for (const size of batch.sizes) {
      bytes.set(source.subarray(from, from + size), start);
      const end = start + size;
      if (rewrite !== undefined) applyRewrite(bytes, start, rewrite);
      const header = rtpClearSize(bytes, start, end);
      if (header === undefined) throw new Error(`SRTP: packet of ${size} bytes is no RTP`);
      const ssrc = readU32(bytes, start + 8);
      const counter = this.#counter(ssrc);
      const index = counter.estimate(bytes[start + 2] << 8 | bytes[start + 3]);
      counter.advance(index);
      jobs.push({ start, header, end, ssrc, index, tagAt: end + this.#mki.length });
      from += size;
      start = end + overhead;
    }
    this.#rtp.seal(bytes, jobs, rolloverOf);
    if (this.#mki.length > 0) this.#placeMki(bytes, jobs);
    return { bytes, sizes };
  }

  #placeMki(bytes: Uint8Array, jobs: readonly CipherJob[]): void {
    for (const { end } of jobs) {
      bytes.set(this.#mki, this.#rtp.tagFollowsPayload ? end + this.#rtp.tagSize : end);
    }
  }

  /** A new buffer with one compound RTCP packet protected. */
  protectRtcp(packet: Uint8Array): Uint8Array {
    if (packet.length < rtcpClearSize) throw new Error(`SRTCP: packet of ${packet.length} bytes is no RTCP`);
    const cipher = this.#rtcp;
    const mkiSize = this.#mki.length;
    const end = packet.length;
    const bytes = new Uint8Array(end + cipher.tagSize + rtcpTrailerSize + mkiSize);
    bytes.set(packet);
    const ssrc = readU32(bytes, 4);
    const index = this.#rtcpIndices.get(ssrc) ?? 0;
    this.#rtcpIndices.set(ssrc, (index + 1) % rtcpEncryptedFlag);
    const trailer = (rtcpEncryptedFlag | index) >>> 0;
    const trailerAt = cipher.tagFollowsPayload ? end + cipher.tagSize : end;
    const mkiAt = trailerAt + rtcpTrailerSize;
    const job = { start: 0, header: rtcpClearSize, end, ssrc, index, tagAt: mkiAt + mkiSize };
    cipher.seal(bytes, [job], () => trailer);
    writeU32(bytes, trailerAt, trailer);
    bytes.set(this.#mki, mkiAt);
    return bytes;
  }

  close(): void {
    this.#rtp.close();
    this.#rtcp.close();
  }
}

/** Throws UserError when key or salt do not fit the profile. */
export function createSrtpSender(parameters: SrtpParameters): SrtpSender {
  return new SrtpSender(parameters);
}
