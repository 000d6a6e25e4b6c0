import { Unwrapper32 } from "../../../../base/time.ts";
import { NtpEstimator } from "../../../../stream/timestamps.ts";

/** Ticks per second of the times in sender reports as we take them: milliseconds. */
const reportClockRate = 1000;

/**
 * The publisher's clock in terms of ours, one for all its tracks: so the times of sender reports keep sound and picture
 * in step although its clock is not to be trusted.
 */
export function createPublisherClock(): NtpEstimator {
  return new NtpEstimator(reportClockRate);
}

/** Absolute times of one track's timestamps: by sender reports once there are any, by arrival before. */
export class TrackClock {
  readonly #unwrapper = new Unwrapper32();
  readonly #estimator: NtpEstimator;

  constructor(clockRate: number, private readonly publisher: NtpEstimator) {
    this.#estimator = new NtpEstimator(clockRate);
  }

  /** `reported`: what the publisher's reports say, null before the first. */
  ntp(timestamp: number, reported: number | null, now: number): number {
    const estimate = this.#estimator.estimate(this.#unwrapper.unwrap(timestamp), now);
    return reported === null ? estimate : this.publisher.estimate(reported, now);
  }
}
