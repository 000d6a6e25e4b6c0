/** Live congestion control, draft-sharabayko-srt §5.1: a limit of the bandwidth, and nothing that reacts to loss. */
import { ByteRate } from "./rates.ts";

/** What may go out at once: a video frame should not wait for itself. Microseconds of the limit. */
const burst = 10_000;
/** "No limit" is 1 Gbit/s, as libsrt has it. Bytes a second. */
export const unlimitedBandwidth = 125_000_000;
/** 1 Mbit/s: less is not worth a limit. */
const leastInputRate = 125_000;

export type Bandwidth =
  | { readonly kind: "limit"; readonly bytesPerSecond: number }
  /** What the application sends, and that many percent more for retransmissions. */
  | { readonly kind: "input"; readonly overheadPercent: number };

export class Pacing {
  /** The line is busy until then. */
  #busyUntil = 0;
  readonly #input = new ByteRate();

  constructor(private readonly bandwidth: Bandwidth) {}

  /** Bytes a second. */
  limit(now: number): number {
    if (this.bandwidth.kind === "limit") return this.bandwidth.bytesPerSecond;
    const measured = this.#input.value(now);
    if (measured === null) return unlimitedBandwidth;
    const input = Math.max(leastInputRate, measured);
    return input * (100 + this.bandwidth.overheadPercent) / 100;
  }

  /** The application has given so many bytes. */
  submitted(bytes: number, now: number): void {
    if (this.bandwidth.kind === "input") this.#input.add(bytes, now);
  }

  /** The earliest time for the next packet; it may have passed. */
  get next(): number {
    return this.#busyUntil - burst;
  }

  sent(bytes: number, now: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, now) + bytes * 1_000_000 / this.limit(now);
  }
}
