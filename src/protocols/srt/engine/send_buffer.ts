/** Packets that were given by the application and are not acknowledged yet. Payloads are references, never copies. */
import { sequenceDistance } from "../wire/sequence.ts";

const firstCapacity = 256;
/** Packets that wait; with more of them the oldest are given up. */
export const maxSendPackets = 32_768;

export interface OutgoingPacket {
  readonly payload: Uint8Array;
  /** Microseconds from the start of the connection, wrapping. */
  readonly timestamp: number;
  readonly submittedAt: number;
  /** Second word of the header. */
  readonly flags: number;
  /** Packets of one call of the application have the same number. */
  readonly unit: number;
  /** When it was sent again for the last time; 0: never. */
  retransmittedAt: number;
  /** It waits to be sent again. */
  queued: boolean;
}

/** A ring of what lies between `first` and `next`. */
export class SendBuffer {
  #ring: (OutgoingPacket | null)[] = new Array(firstCapacity).fill(null);
  #head = 0;
  #count = 0;
  #bytes = 0;

  /** `first`: sequence number of the oldest packet, or of the next one when there is none. */
  constructor(public first: number) {}

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(packet: OutgoingPacket): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[this.#head + this.#count & this.#ring.length - 1] = packet;
    this.#count++;
    this.#bytes += packet.payload.length;
  }

  #grow(): void {
    const ring = new Array<OutgoingPacket | null>(2 * this.#ring.length).fill(null);
    for (let i = 0; i < this.#count; i++) ring[i] = this.#ring[this.#head + i & this.#ring.length - 1];
    this.#ring = ring;
    this.#head = 0;
  }

  /** Undefined when the packet is not here (any more). */
  get(sequence: number): OutgoingPacket | undefined {
    const offset = sequenceDistance(this.first, sequence);
    if (offset < 0 || offset >= this.#count) return undefined;
    return this.#ring[this.#head + offset & this.#ring.length - 1]!;
  }

  get oldest(): OutgoingPacket | undefined {
    return this.#count === 0 ? undefined : this.#ring[this.#head]!;
  }

  get newest(): OutgoingPacket | undefined {
    return this.#count === 0 ? undefined : this.#ring[this.#head + this.#count - 1 & this.#ring.length - 1]!;
  }

  /** Forgets the oldest packet. */
  shift(): OutgoingPacket {
    const packet = this.#ring[this.#head]!;
    this.#ring[this.#head] = null;
    this.#head = this.#head + 1 & this.#ring.length - 1;
    this.#count--;
    this.#bytes -= packet.payload.length;
    this.first = this.first + 1 & 0x7fff_ffff;
    return packet;
  }
}
