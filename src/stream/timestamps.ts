/** How units get their presentation and absolute times. */
import { rescale, Unwrapper32 } from "../base/time.ts";

const maxBehindMs = 5000;

/**
 * Absolute time of units when the publisher's own is not to be trusted (the default): the server's clock at the first
 * unit plus the elapsed presentation time; anchored anew when that lies in the future or more than 5 s in the past.
 */
export class NtpEstimator {
  #anchorNtp: number | undefined;
  #anchorPts = 0;

  constructor(private readonly clockRate: number) {}

  /** `pts` in ticks, `now` in milliseconds since 1970; the answer likewise. */
  estimate(pts: number, now: number): number {
    if (this.#anchorNtp !== undefined) {
      const ntp = this.#anchorNtp + (pts - this.#anchorPts) * 1000 / this.clockRate;
      if (ntp <= now && ntp >= now - maxBehindMs) return ntp;
    }
    this.#anchorNtp = now;
    this.#anchorPts = pts;
    return now;
  }
}

/** The common zero of a stream's tracks: the arrival of its first packet. */
export class StreamClock {
  #startedAt: number | undefined;

  /** Milliseconds between the first call of all tracks and this one. */
  elapsed(now: number): number {
    this.#startedAt ??= now;
    return Math.max(0, now - this.#startedAt);
  }
}

/** RTP timestamps of one track → PTS that starts where the stream's clock stands when the track's first packet comes. */
export class RtpTimeDecoder {
  #unwrapper: Unwrapper32 | undefined;

  constructor(private readonly clockRate: number, private readonly clock: StreamClock) {}

  decode(timestamp: number, now: number): number {
    this.#unwrapper ??= new Unwrapper32(rescale(Math.floor(this.clock.elapsed(now)), 1000, this.clockRate));
    return this.#unwrapper.unwrap(timestamp);
  }
}
