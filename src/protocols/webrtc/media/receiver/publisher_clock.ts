import { Unwrapper32 } from "../../../../base/time.ts";
import { NtpEstimator } from "../../../../stream/timestamps.ts";

const maxBehindMs = 5000;

/**
 * The publisher's clock in terms of ours, one for all its tracks: so the times of sender reports keep sound and picture
 * in step although its clock is not to be trusted.
 */
export class PublisherClock {
  #offset: number | null = null;

  /** Both in milliseconds since 1970; anchored anew when the result lies in the future or far in the past. */
  toLocal(ntp: number, now: number): number {
    if (this.#offset !== null) {
      const local = ntp + this.#offset;
      if (local <= now && local >= now - maxBehindMs) return local;
    }
    this.#offset = now - ntp;
    return now;
  }
}

/** Absolute times of one track's timestamps: by sender reports once there are any, by arrival before. */
export class TrackClock {
  readonly #unwrapper = new Unwrapper32();
  readonly #estimator: NtpEstimator;

  constructor(clockRate: number, private readonly clock: PublisherClock) {
    this.#estimator = new NtpEstimator(clockRate);
  }

  /** `reported`: what the publisher's reports say, null before the first. */
  ntp(timestamp: number, reported: number | null, now: number): number {
    const estimate = this.#estimator.estimate(this.#unwrapper.unwrap(timestamp), now);
    return reported === null ? estimate : this.clock.toLocal(reported, now);
  }
}
