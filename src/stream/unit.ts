import { concat } from "../base/bytes.ts";
import { distance16 } from "../base/time.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { payloadFormat } from "../rtp/payload/formats.ts";
import type { Track } from "./track.ts";

/**
 * Everything of one track that shares one timestamp. It is born with RTP packets or with the payload; the other form
 * is derived once, on first demand, and kept. Units are immutable for those who read them.
 */
export class Unit {
  /** The packets are the publisher's: their numbers tell of its losses. */
  readonly cameAsPackets: boolean;
  #packets: readonly RtpPacket[] | undefined;
  #payload: readonly Uint8Array[] | null | undefined;
  #randomAccess: boolean | undefined;

  private constructor(
    readonly track: Track,
    /** Presentation time in ticks of the track's clock, counted from the start of the stream. */
    readonly pts: number,
    /** Absolute time in milliseconds since 1970. */
    readonly ntp: number,
    packets: readonly RtpPacket[] | undefined,
    payload: readonly Uint8Array[] | null | undefined,
  ) {
    this.cameAsPackets = packets !== undefined;
    this.#packets = packets;
    this.#payload = payload;
  }

  /** `packets`: all packets of one timestamp, in the order of their sequence numbers. */
  static fromPackets(track: Track, pts: number, ntp: number, packets: readonly RtpPacket[]): Unit {
    return new Unit(track, pts, ntp, packets, undefined);
  }

  /** `payload` in the form that `codecs/codec.ts` lists for the codec. */
  static fromPayload(track: Track, pts: number, ntp: number, payload: readonly Uint8Array[]): Unit {
    return new Unit(track, pts, ntp, undefined, payload);
  }

  /** Null when the packets hold nothing usable, for instance after a loss. */
  get payload(): readonly Uint8Array[] | null {
    return this.#payload === undefined ? this.#payload = this.#depacketize() : this.#payload;
  }

  #depacketize(): readonly Uint8Array[] | null {
    const codec = this.track.codec;
    const { payload, errors } = payloadFormat(codec).depacketize(this.#packets!, codec);
    for (const error of errors) this.track.reportError(error);
    return payload;
  }

  /** The unit as RTP. Packets that had to be made are numbered in the order in which units are asked for them. */
  get packets(): readonly RtpPacket[] {
    return this.#packets ??= this.track.packetize(this.#payload ?? [], this.pts);
  }

  get hasPackets(): boolean {
    return this.#packets !== undefined;
  }

  /** Moves packets, or the payload of a unit without, to a buffer of their own. Those who hold the old ones may go on. */
  settle(): void {
    const packets = this.#packets;
    if (packets !== undefined) {
      const copies = copyOf(packets.map(({ bytes }) => bytes));
      this.#packets = packets.map((packet, i) => {
        const start = packet.payload.byteOffset - packet.bytes.byteOffset;
        const payload = copies[i].subarray(start, start + packet.payload.length);
        return { ...packet, bytes: copies[i], payload };
      });
    }
    if (this.#payload) this.#payload = copyOf(this.#payload);
  }

  /** True when decoding of the track can start here. */
  get randomAccess(): boolean {
    return this.#randomAccess ??= this.#findRandomAccess();
  }

  #findRandomAccess(): boolean {
    const format = payloadFormat(this.track.codec);
    if (this.#packets !== undefined && format.isRandomAccess !== undefined) {
      return format.isRandomAccess(this.#packets);
    }
    if (format.isRandomAccessPayload === undefined) return true;
    const payload = this.payload;
    return payload !== null && format.isRandomAccessPayload(payload);
  }

  /** A key frame without holes: what a decoder that has lost something can go on with. */
  get repairs(): boolean {
    return this.track.isVideo && this.randomAccess && !this.#hasHole;
  }

  get #hasHole(): boolean {
    const packets = this.#packets;
    if (!this.cameAsPackets || packets === undefined) return false;
    return distance16(packets[0].sequence, packets[packets.length - 1].sequence) !== packets.length - 1;
  }

  /** Bytes as they came in or would go out as RTP; of a unit without packets, its payload. */
  get size(): number {
    let size = 0;
    if (this.#packets !== undefined) { for (const packet of this.#packets) size += packet.bytes.length; }
    else for (const part of this.#payload ?? []) size += part.length;
    return size;
  }
}

/** The parts behind each other in one new buffer. */
function copyOf(parts: readonly Uint8Array[]): Uint8Array[] {
  const all = concat(parts);
  let at = 0;
  return parts.map(({ length }) => all.subarray(at, at += length));
}
