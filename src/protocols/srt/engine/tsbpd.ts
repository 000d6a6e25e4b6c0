/** When a received packet is due: draft-sharabayko-srt §4.5. Microseconds. */
import { distance32 } from "../../../base/time.ts";

/** §4.7: samples that make one estimate of the drift. */
const driftSamples = 1000;
/** A drift that is larger moves the base of all times. */
const maxDrift = 5000;
/** A peer's timestamp cannot hold a packet back for longer than this after it came, besides the latency. */
const maxEarly = 2_000_000;

export class DeliveryClock {
  /** Local time at which the peer's clock stood at 0. */
  #base: number;
  #drift = 0;
  #sum = 0;
  #count = 0;
  #firstRtt: number | null = null;
  #lastTimestamp: number;
  #lastTime: number;

  /** `timestamp`: of a packet that came at `now`: the handshake. */
  constructor(timestamp: number, now: number, readonly latency: number) {
    this.#base = now - timestamp;
    this.#lastTimestamp = timestamp;
    this.#lastTime = timestamp;
  }

  /** The time when a packet that came at `now` is to be given to the application. */
  due(timestamp: number, now: number): number {
    const step = distance32(this.#lastTimestamp, timestamp);
    const time = this.#lastTime + step;
    // Retransmissions lie behind; the newest timestamp is the reference for the wrap.
    if (step > 0) {
      this.#lastTimestamp = timestamp;
      this.#lastTime = time;
    }
    return Math.min(this.#base + time + this.latency + this.#drift, now + this.latency + maxEarly);
  }

  /** A control packet with a fresh timestamp, the answer to one of ours that took `rtt`. */
  sample(timestamp: number, now: number, rtt: number): void {
    this.#firstRtt ??= rtt;
    const time = this.#lastTime + distance32(this.#lastTimestamp, timestamp);
    // A way that has become longer is not a clock that goes slow.
    this.#sum += now - (this.#base + time) - (rtt - this.#firstRtt) / 2;
    this.#count++;
    if (this.#count < driftSamples) return;
    this.#drift = this.#sum / this.#count;
    this.#sum = 0;
    this.#count = 0;
    if (Math.abs(this.#drift) > maxDrift) {
      const whole = Math.sign(this.#drift) * maxDrift;
      this.#base += whole;
      this.#drift -= whole;
    }
  }
}
