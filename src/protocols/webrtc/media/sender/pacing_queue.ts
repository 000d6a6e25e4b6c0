/** The first group of pictures on its way: sent in small portions, since a whole one would overflow buffers on the way. */
import type { RtpRewrite } from "../../../../rtp/srtp/mod.ts";
import type { SharedPackets } from "./track_sender.ts";

export interface Paced extends SharedPackets {
  readonly rewrite: RtpRewrite;
}

/** Packets that may wait; the burst and the live units behind it. */
export const maxPacedPackets = 8192;
/** A tick's portion: 77 kB, which is 31 Mbit/s at 50 ticks a second. */
const minPortion = 64;
/** A large group is sent within that many ticks: half a second. */
const maxTicks = 25;

export class PacingQueue {
  #units: Paced[] = [];
  #packets = 0;
  #portion = minPortion;
  /** Packets that came since the last tick: they go out besides the portion, or the queue would never be empty. */
  #arrived = 0;

  get empty(): boolean {
    return this.#units.length === 0;
  }

  /** Packets that wait. */
  get packets(): number {
    return this.#packets;
  }

  /** False when there is no room. */
  push(unit: Paced): boolean {
    if (this.#packets + unit.packets.length > maxPacedPackets) return false;
    this.#units.push(unit);
    this.#packets += unit.packets.length;
    this.#arrived += unit.packets.length;
    return true;
  }

  /** Sets the portions so that what waits now is gone in time. */
  pace(): void {
    this.#portion = Math.max(minPortion, Math.ceil(this.#packets / maxTicks));
    this.#arrived = 0;
  }

  /** The units of one tick; at least one. */
  take(): readonly Paced[] {
    const portion = this.#portion + this.#arrived;
    this.#arrived = 0;
    let packets = 0;
    let count = 0;
    while (count < this.#units.length && packets < portion) {
      packets += this.#units[count++].packets.length;
    }
    this.#packets -= packets;
    return this.#units.splice(0, count);
  }

  /** Gives the number of units that are gone. */
  clear(): number {
    const count = this.#units.length;
    this.#units = [];
    this.#packets = 0;
    this.#arrived = 0;
    return count;
  }
}
