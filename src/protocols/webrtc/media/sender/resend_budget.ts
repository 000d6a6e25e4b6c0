/** How much of what a reader asks for again it gets: a lossy link must not be filled with repetitions. */
import { hasPassed } from "../../../../base/time.ts";
import { historyPackets } from "./history.ts";

/** Packets sent again for each packet that is sent: enough for 30 % loss of originals and repetitions. */
const packetsPerPacket = 0.5;
/** Tokens that come by time, for slow streams. */
const packetsPerSecond = 50;
const maxTokens = 512;
/** The same packet is not sent again before it can have arrived. */
const minRepeatMs = 8;
const maxRepeatMs = 150;
const assumedRoundTripMs = 30;

export class ResendBudget {
  #tokens = maxTokens / 4;
  #refilledAt: number | null = null;
  #roundTripMs = assumedRoundTripMs;
  /** By slot of the 16-bit number; made with the first request. */
  #numbers: Int32Array | null = null;
  #times: Float64Array | null = null;

  sent(packets: number): void {
    this.#tokens = Math.min(maxTokens, this.#tokens + packets * packetsPerPacket);
  }

  set roundTripMs(value: number) {
    this.#roundTripMs = value;
  }

  /** May the packet with this 16-bit number be sent again now? When it may, it counts as sent. */
  take(sequence: number, now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#numbers ??= new Int32Array(historyPackets).fill(-1);
    this.#times ??= new Float64Array(historyPackets);
    const slot = sequence % historyPackets;
    const wait = Math.min(maxRepeatMs, Math.max(minRepeatMs, this.#roundTripMs * 0.8));
    if (this.#numbers[slot] === sequence && !hasPassed(wait, this.#times[slot], now)) return false;
    this.#numbers[slot] = sequence;
    this.#times[slot] = now;
    this.#tokens--;
    return true;
  }

  #refill(now: number): void {
    const elapsed = this.#refilledAt === null ? 0 : Math.max(0, now - this.#refilledAt);
    this.#refilledAt = now;
    this.#tokens = Math.min(maxTokens, this.#tokens + elapsed / 1000 * packetsPerSecond);
  }
}
