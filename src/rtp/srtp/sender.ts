/** Protects RTP and RTCP packets that we send (RFC 3711, RFC 7714). */
import { Slab } from "../../base/slab.ts";
import { readU32, rtcpClearSize, rtcpEncryptedFlag, rtcpTrailerSize, writeU32 } from "./header.ts";
import { createPacketCipher, type PacketCipher } from "./packet_cipher.ts";
import { PlainBatch, type PlainPacket, type SrtpBatch } from "./plain_batch.ts";
import { deriveSessionKeys, type SrtpParameters } from "./profile.ts";
import { RolloverCounter } from "./rollover.ts";

/** What one receiver is sent otherwise than the others who get the same packets: written while they are copied. */
export interface RtpRewrite {
  /** Of every packet. */
  readonly payloadType: number;
  /** Added to the sequence numbers, modulo 2^16. */
  readonly sequenceOffset: number;
  /** Added to the timestamps, modulo 2^32. */
  readonly timestampOffset: number;
}

/** Of the packets of one batch; used within one call. */
let indices = new Float64Array(64);

const slab = new Slab();
/** Where batches are built of which nobody knows when they are gone. */
const lasting = (size: number) => slab.take(size);

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
  #lastSsrc = 0;
  #lastCounter: RolloverCounter | null = null;

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

  /** All packets of a batch mostly have the same SSRC. */
  #counter(ssrc: number): RolloverCounter {
    if (ssrc === this.#lastSsrc && this.#lastCounter !== null) return this.#lastCounter;
    let counter = this.#counters.get(ssrc);
    if (counter === undefined) {
      counter = new RolloverCounter(this.#rollovers.get(ssrc) ?? 0);
      this.#counters.set(ssrc, counter);
    }
    this.#lastSsrc = ssrc;
    this.#lastCounter = counter;
    return counter;
  }

  /**
   * The packets of `batch` protected, after `rewrite` if one is given, in a buffer of `room`. The same packet protected
   * again gives the same bytes, as retransmission needs. The packets are ours: one that is no RTP is a defect and throws.
   * Whoever protects a batch for many gives a `PlainBatch`.
   */
  protect(
    batch: SrtpBatch,
    rewrite: RtpRewrite | null = null,
    room: (size: number) => Uint8Array = lasting,
  ): SrtpBatch {
    const plain = batch instanceof PlainBatch ? batch : new PlainBatch(batch);
    const { size, sizes, packets } = plain.layout(this.overhead, this.#mki.length);
    const bytes = room(size);
    if (indices.length < packets.length) indices = new Float64Array(packets.length);
    for (let i = 0; i < packets.length; i++) {
      const { clear, start, ssrc } = packets[i];
      for (let k = 0; k < clear.length; k++) bytes[start + k] = clear[k];
      if (rewrite !== null) applyRewrite(bytes, start, rewrite);
      const counter = this.#counter(ssrc);
      const index = counter.estimate(bytes[start + 2] << 8 | bytes[start + 3]);
      counter.advance(index);
      indices[i] = index;
    }
    this.#rtp.seal(bytes, packets, indices);
    if (this.#mki.length > 0) this.#placeMki(bytes, packets);
    return { bytes, sizes };
  }

  #placeMki(bytes: Uint8Array, packets: readonly PlainPacket[]): void {
    for (const { end } of packets) {
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
    const payload = packet.subarray(rtcpClearSize);
    const place = { start: 0, header: rtcpClearSize, end, ssrc, tagAt: mkiAt + mkiSize, payload };
    cipher.seal(bytes, [place], [index]);
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
