/** The continuity counter of one PID (ISO/IEC 13818-1 §2.4.3.3). */
import type { TransportPacket } from "./wire/packet.ts";

export type ContinuityStep =
  /** Nothing was lost, or the stream says that the counter jumps. */
  | "follows"
  /** The counter is that of the packet before. */
  | "repeated"
  /** The network says that the packet has wrong bits. */
  | "damaged"
  /** So many packets are missing, or some multiple of 16 more. */
  | { readonly lost: number };

export class ContinuityChecker {
  #last: number | null = null;

  next(packet: TransportPacket): ContinuityStep {
    if (packet.transportError) {
      this.#last = null;
      return "damaged";
    }
    // Packets without payload do not count.
    if (packet.payload === null) return "follows";
    const last = this.#last;
    this.#last = packet.continuityCounter;
    if (last === null) return "follows";
    const step = packet.continuityCounter - last & 0x0f;
    if (step === 1) return "follows";
    if (step === 0) return "repeated";
    if (packet.adaptation?.discontinuity === true && packet.unitStart) return "follows";
    return { lost: step - 1 };
  }
}
