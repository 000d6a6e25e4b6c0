/**
 * The part target of a rendition (RFC 8216bis §4.4.3.7). No part may be longer, and parts should reach 85 % of it.
 *
 * It is found while the first segments are filled: parts are closed at the sample that brings them closest to the
 * configured duration, and the longest of those that the first playlist lists is the target. Irregular samples get some
 * room on top. From then on it stays; a part is closed before it would outgrow it.
 */
const roomForJitter = 1.05;
/** A part that is so many times longer than most others comes of a hole in the stream. */
const outlier = 2;
/** Sample durations that differ by less are taken as equal: the rounding of millisecond clocks on 30 frames a second. */
const equalWithin = 0.005;
const epsilon = 1e-6;

/** 0 without any. Without key frames a segment may have more parts than a call has room for arguments. */
export function longestOf(durations: readonly number[]): number {
  return durations.reduce((longest, duration) => Math.max(longest, duration), 0);
}

export class PartTarget {
  #shortestSample = Infinity;
  #longestSample = 0;
  #fixed: number | null = null;

  /** Seconds. */
  constructor(private readonly configured: number) {}

  observeSample(duration: number): void {
    if (this.#fixed !== null) return;
    this.#shortestSample = Math.min(this.#shortestSample, duration);
    this.#longestSample = Math.max(this.#longestSample, duration);
  }

  /** A part of `duration` would become too long with the next sample. */
  isExceeded(duration: number): boolean {
    const limit = this.#fixed ?? this.configured + this.#longestSample / 2;
    return duration > limit + epsilon;
  }

  /** A part of `duration` is as long as it should be, given that samples last `sample`. */
  isReached(duration: number, sample: number): boolean {
    return duration + sample / 2 >= this.configured - epsilon;
  }

  get isFixed(): boolean {
    return this.#fixed !== null;
  }

  /** To be called when the first playlist is made. `listed`: durations of its parts. */
  fix(listed: readonly number[]): void {
    const regular = this.#longestSample - this.#shortestSample <= equalWithin * this.configured;
    const median = listed.toSorted((a, b) => a - b)[listed.length >> 1] ?? 0;
    const longest = longestOf(listed.filter((duration) => duration <= outlier * median));
    this.#fixed = longest === 0 ? this.configured : longest * (regular ? 1 : roomForJitter);
  }

  /** Seconds. `longestListed`: a single sample may be longer than the target; the playlist then says so. */
  value(longestListed: number): number {
    return Math.max(this.#fixed ?? this.configured, longestListed);
  }
}
