/** Numbers the packets of one track: what packetizers leave open. */
import { type RtpFragment, rtpHeaderSize, type RtpPacket, writeRtpHeader } from "./packet.ts";

export interface RtpStreamOptions {
  readonly payloadType: number;
  /** Random unless given, as RFC 3550 §5.1 wants them. */
  readonly ssrc?: number;
  readonly sequence?: number;
  readonly timestampOffset?: number;
}

function random32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

export class RtpStreamWriter {
  readonly payloadType: number;
  readonly ssrc: number;
  readonly #timestampOffset: number;
  #sequence: number;

  constructor(options: RtpStreamOptions) {
    this.payloadType = options.payloadType;
    this.ssrc = (options.ssrc ?? random32()) >>> 0;
    this.#sequence = (options.sequence ?? random32()) & 0xffff;
    this.#timestampOffset = options.timestampOffset ?? random32();
  }

  /** Of the packet that comes next. */
  get nextSequence(): number {
    return this.#sequence;
  }

  /** Leaves numbers out: packets that were lost before they came here, which receivers shall see as lost. */
  skip(packets: number): void {
    this.#sequence = this.#sequence + packets & 0xffff;
  }

  /** 32-bit RTP timestamp of a time in ticks. */
  timestampAt(pts: number): number {
    return (pts + this.#timestampOffset) >>> 0;
  }

  /**
   * The packets of one unit, back to back in one buffer (see `contiguousBytes`), so that it can be sent as it is.
   * `pts` in clock ticks.
   */
  write(fragments: readonly RtpFragment[], pts: number): RtpPacket[] {
    let size = 0;
    for (const fragment of fragments) {
      size += rtpHeaderSize;
      for (const part of fragment.parts) size += part.length;
    }
    const buffer = new Uint8Array(size);
    const packets: RtpPacket[] = new Array(fragments.length);
    let at = 0;
    for (let i = 0; i < fragments.length; i++) {
      const { parts, marker, timestampOffset = 0 } = fragments[i];
      const start = at;
      const timestamp = this.timestampAt(pts + timestampOffset);
      const sequence = this.#sequence;
      this.#sequence = sequence + 1 & 0xffff;
      writeRtpHeader(buffer, start, marker, this.payloadType, sequence, timestamp, this.ssrc);
      at += rtpHeaderSize;
      for (const part of parts) {
        buffer.set(part, at);
        at += part.length;
      }
      packets[i] = {
        bytes: buffer.subarray(start, at),
        payload: buffer.subarray(start + rtpHeaderSize, at),
        marker,
        payloadType: this.payloadType,
        sequence,
        timestamp,
        ssrc: this.ssrc,
      };
    }
    return packets;
  }
}

/** One view of all packets when they lie back to back in one buffer, as `write` makes them; else null. */
export function contiguousBytes(packets: readonly RtpPacket[]): Uint8Array | null {
  if (packets.length === 0) return null;
  const first = packets[0].bytes;
  let end = first.byteOffset;
  for (const { bytes } of packets) {
    if (bytes.buffer !== first.buffer || bytes.byteOffset !== end) return null;
    end += bytes.length;
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
}
