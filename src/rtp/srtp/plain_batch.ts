import { readU32, rtpClearSize } from "./header.ts";

/** Packets back to back: `sizes[i]` bytes each. The same shape that UDP sockets send. */
export interface SrtpBatch {
  readonly bytes: Uint8Array;
  readonly sizes: readonly number[];
}

/** Where a packet lies in a buffer. RTP: `header` bytes stay clear. RTCP: 8. */
export interface PacketPlace {
  readonly start: number;
  readonly header: number;
  /** End of the payload; behind it there is room for what the profile adds. */
  readonly end: number;
  readonly ssrc: number;
  /** Where HMAC tags are; those of AEAD always follow the payload. */
  readonly tagAt: number;
}

/** A packet in plain, and its place among the protected ones. */
export interface PlainPacket extends PacketPlace {
  /** Header, CSRCs and extension. */
  readonly clear: Uint8Array;
  readonly payload: Uint8Array;
  readonly sequence: number;
}

/** What all who get a batch protected by the same profile share. */
export interface BatchLayout {
  /** Of the protected batch. */
  readonly size: number;
  /** Of its packets. */
  readonly sizes: readonly number[];
  readonly packets: readonly PlainPacket[];
  readonly overhead: number;
  readonly mkiSize: number;
}

/** Packets in plain that are protected for many receivers: they are looked at once for all of them. */
export class PlainBatch implements SrtpBatch {
  readonly bytes: Uint8Array;
  readonly sizes: readonly number[];
  /** One for each profile in use. */
  readonly #layouts: BatchLayout[] = [];

  constructor({ bytes, sizes }: SrtpBatch) {
    this.bytes = bytes;
    this.sizes = sizes;
  }

  /** `overhead`: bytes that each packet grows by, `mkiSize` of them its key identifier. Throws when a packet is no RTP. */
  layout(overhead: number, mkiSize: number): BatchLayout {
    for (const made of this.#layouts) {
      if (made.overhead === overhead && made.mkiSize === mkiSize) return made;
    }
    const packets: PlainPacket[] = [];
    let from = 0;
    let start = 0;
    for (const size of this.sizes) {
      packets.push(plainPacket(this.bytes, from, size, start, mkiSize));
      from += size;
      start += size + overhead;
    }
    const layout = {
      size: start,
      sizes: this.sizes.map((size) => size + overhead),
      packets,
      overhead,
      mkiSize,
    };
    this.#layouts.push(layout);
    return layout;
  }
}

function plainPacket(
  bytes: Uint8Array,
  from: number,
  size: number,
  start: number,
  mkiSize: number,
): PlainPacket {
  const header = rtpClearSize(bytes, from, from + size);
  if (header === undefined) throw new Error(`SRTP: packet of ${size} bytes is no RTP`);
  const end = start + size;
  return {
    clear: bytes.subarray(from, from + header),
    payload: bytes.subarray(from + header, from + size),
    ssrc: readU32(bytes, from + 8),
    sequence: bytes[from + 2] << 8 | bytes[from + 3],
    start,
    header,
    end,
    tagAt: end + mkiSize,
  };
}
