import type { PacketBatch } from "../../../net/udp/socket.ts";
import type { SrtpSender } from "../../../rtp/srtp/mod.ts";
import type { Unit } from "../../../stream/unit.ts";
import { interleavedHeaderSize, maxInterleavedPayload, writeInterleavedHeader } from "../wire/interleaved.ts";

const sequenceOffset = 2;
const ssrcOffset = 8;

/**
 * The bytes of one unit: packets back to back, plain or encrypted. Each form is made once, whoever asks first.
 */
export class UnitWire {
  #plain: PacketBatch | undefined;
  #protected: PacketBatch | undefined;

  constructor(
    readonly unit: Unit,
    /** The server's, put in the place of the publisher's. */
    private readonly ssrc: number,
    /** Added to the publisher's sequence numbers. */
    private readonly renumber: number,
    private readonly srtp: SrtpSender | null,
  ) {}

  get plain(): PacketBatch {
    return this.#plain ??= this.#buildPlain();
  }

  /** SRTP. Asked for only where the server has keys. */
  get protected(): PacketBatch {
    if (this.srtp === null) throw new Error("no SRTP context for this stream");
    return this.#protected ??= this.srtp.protect(this.plain);
  }

  #buildPlain(): PacketBatch {
    const packets = this.unit.packets;
    const sizes: number[] = [];
    let total = 0;
    for (const packet of packets) {
      sizes.push(packet.bytes.length);
      total += packet.bytes.length;
    }
    const bytes = new Uint8Array(total);
    let at = 0;
    for (const packet of packets) {
      bytes.set(packet.bytes, at);
      if (this.renumber !== 0) {
        const sequence = packet.sequence + this.renumber;
        bytes[at + sequenceOffset] = sequence >>> 8;
        bytes[at + sequenceOffset + 1] = sequence;
      }
      bytes[at + ssrcOffset] = this.ssrc >>> 24;
      bytes[at + ssrcOffset + 1] = this.ssrc >>> 16;
      bytes[at + ssrcOffset + 2] = this.ssrc >>> 8;
      bytes[at + ssrcOffset + 3] = this.ssrc;
      at += packet.bytes.length;
    }
    return { bytes, sizes };
  }
}

/** How many bytes `interleaveBatch` writes. A packet that SRTP has made too large for a frame is left out. */
export function interleavedSize(batch: PacketBatch): number {
  let total = 0;
  for (const size of batch.sizes) if (size <= maxInterleavedPayload) total += interleavedHeaderSize + size;
  return total;
}

/** Frames each packet of a batch for one channel; gives the position after the last byte. */
export function interleaveBatch(batch: PacketBatch, channel: number, into: Uint8Array, at: number): number {
  let from = 0;
  for (const size of batch.sizes) {
    if (size <= maxInterleavedPayload) {
      at = writeInterleavedHeader(into, at, channel, size);
      into.set(batch.bytes.subarray(from, from + size), at);
      at += size;
    }
    from += size;
  }
  return at;
}
