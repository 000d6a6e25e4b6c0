import type { RtpPacket } from "../../../../rtp/packet.ts";

/** Packets of a track that can be sent again; a power of two. At 8 Mbit/s about a second. */
export const historyPackets = 1024;

/** The last packets of one track in plain, shared by all its readers, by extended sequence number. */
export class PacketHistory {
  readonly #packets: (RtpPacket | undefined)[] = new Array(historyPackets).fill(undefined);
  readonly #numbers = new Float64Array(historyPackets).fill(-1);

  push(number: number, packet: RtpPacket): void {
    const slot = number % historyPackets;
    this.#packets[slot] = packet;
    this.#numbers[slot] = number;
  }

  /** Undefined for what is gone, or was never here. */
  get(number: number): RtpPacket | undefined {
    const slot = number % historyPackets;
    return number >= 0 && this.#numbers[slot] === number ? this.#packets[slot] : undefined;
  }

  clear(): void {
    this.#packets.fill(undefined);
    this.#numbers.fill(-1);
  }
}
