import { distance16 } from "../../../../base/time.ts";

/** A packet that was asked for so often does not come any more. */
const maxTries = 10;
/** Packets that are missing at the same time; a connection that loses more is not repaired. */
export const maxMissing = 512;
/** A packet that others overtook is not asked for at once. */
const orderToleranceMs = 12;
const minIntervalMs = 20;
const maxIntervalMs = 200;
const assumedRoundTripMs = 40;
const smoothing = 0.25;

interface Missing {
  tries: number;
  askedAt: number;
  readonly since: number;
}

/** Packets of one source that are missing, and when they are asked for (RFC 4585 §6.2.1). */
export class NackList {
  /** By extended number, ascending, as gaps come in order. */
  readonly #missing = new Map<number, Missing>();
  #highest = -1;
  #roundTripMs = assumedRoundTripMs;

  /** `giveUpMs`: nobody waits any longer for a packet. */
  constructor(private readonly giveUpMs: number) {}

  get size(): number {
    return this.#missing.size;
  }

  /** A packet has come, first or repeated. */
  arrived(sequence: number, now: number): void {
    if (this.#highest < 0) {
      // So that numbers before the first one are not below zero.
      this.#highest = 0x10000 + sequence;
      return;
    }
    const ahead = distance16(this.#highest & 0xffff, sequence);
    const number = this.#highest + ahead;
    if (ahead <= 0) return this.#recovered(number, now);
    this.#highest = number;
    if (ahead > maxMissing) return this.#missing.clear();
    for (let lost = number - ahead + 1; lost < number; lost++) {
      this.#missing.set(lost, { tries: 0, askedAt: 0, since: now });
    }
    if (this.#missing.size > maxMissing) {
      for (const oldest of this.#missing.keys()) {
        this.#missing.delete(oldest);
        if (this.#missing.size <= maxMissing) break;
      }
    }
  }

  #recovered(number: number, now: number): void {
    const entry = this.#missing.get(number);
    if (entry === undefined) return;
    this.#missing.delete(number);
    // After a repetition nobody knows which request was answered.
    if (entry.tries === 1) this.#roundTripMs += (now - entry.askedAt - this.#roundTripMs) * smoothing;
  }

  /** Sequence numbers to ask for now. To be called about every 20 ms. */
  due(now: number): number[] {
    const out: number[] = [];
    const interval = Math.min(maxIntervalMs, Math.max(minIntervalMs, this.#roundTripMs * 1.2));
    for (const [number, entry] of this.#missing) {
      if (entry.tries === 0 ? now - entry.since < orderToleranceMs : now - entry.askedAt < interval) continue;
      if (entry.tries >= maxTries || now - entry.since > this.giveUpMs) {
        this.#missing.delete(number);
        continue;
      }
      entry.tries++;
      entry.askedAt = now;
      out.push(number & 0xffff);
    }
    return out;
  }

  /** Another numbering begins. */
  reset(): void {
    this.#missing.clear();
    this.#highest = -1;
  }
}
