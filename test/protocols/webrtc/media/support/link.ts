import type { PacketBatch } from "../../../../../src/net/udp/socket.ts";
import { Random } from "../../../../support/random.ts";
import { split } from "./media.ts";

export interface LinkOptions {
  readonly loss: number;
  readonly delayMs: number;
  /** Some packets take that much longer, and so overtake nobody. */
  readonly jitterMs: number;
  readonly duplicates: number;
  readonly seed: number;
}

/** One direction of a network, with a clock of its own: what was sent comes out, later, in another order, or not. */
export class Link {
  readonly #random: Random;
  #waiting: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  sent = 0;
  lost = 0;

  constructor(private readonly options: LinkOptions) {
    this.#random = new Random(options.seed);
  }

  send(batch: PacketBatch, now: number): void {
    const { loss, delayMs, jitterMs, duplicates } = this.options;
    for (const bytes of split(batch)) {
      this.sent++;
      if (this.#random.next() < loss) {
        this.lost++;
        continue;
      }
      const copies = this.#random.next() < duplicates ? 2 : 1;
      for (let i = 0; i < copies; i++) {
        const at = now + delayMs + this.#random.next() * jitterMs;
        this.#waiting.push({ at, bytes: bytes.slice() });
      }
    }
  }

  /** What has arrived by now, in the order of arrival. */
  take(now: number): Uint8Array[] {
    const due = this.#waiting.filter(({ at }) => at <= now).sort((x, y) => x.at - y.at);
    this.#waiting = this.#waiting.filter(({ at }) => at > now);
    return due.map(({ bytes }) => bytes);
  }
}
