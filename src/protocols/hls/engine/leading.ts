/** The rendition that decides where segments begin: the video, or the first audio track of a stream without. */
import type { Boundary } from "./boundary.ts";
import type { Sample, TrackInput } from "./input/input.ts";
import { nudged } from "./nudge.ts";
import type { SegmentBuilder } from "./segment_builder.ts";
import type { MuxerSettings } from "./settings.ts";
import type { TrackClock } from "./track_clock.ts";

/** The tracks beside it. */
export interface Followers {
  /** A segment begins. */
  begun(boundary: Boundary): void;
  /** The clock has jumped back: what a time of the stream is from now on, as `TrackClock.offset` says. */
  rebased(offset: number): void;
  /** How far any of them is, in seconds of the output; 0 without any. */
  readonly end: number;
}

/** Seconds that the others may be ahead after a jump, while this track waits for its key frame; more is not believed. */
const maxAhead = 30;
/** Frame rate assumed for the very first sample when a stream ends or jumps behind it. */
const fallbackSamplesPerSecond = 30;

export class LeadingTrack {
  #pending: Sample | null = null;
  #lastDuration: number;
  /** The stream jumped: the next random access point begins a segment behind a discontinuity. */
  #broken = false;
  /** Ticks of the output where the stream was left when it jumped. */
  #leftAt = 0;
  #wanted = false;
  /** Seconds of the stream that are the start of the muxer's timeline. */
  origin = 0;

  constructor(
    private readonly input: TrackInput,
    private readonly settings: MuxerSettings,
    private readonly clock: TrackClock,
    private readonly builder: SegmentBuilder,
    private readonly followers: Followers,
  ) {
    this.#lastDuration = Math.round(input.timescale / fallbackSamplesPerSecond);
  }

  /** Another rendition has new parameters, which need a discontinuity in all. */
  wantDiscontinuity(): void {
    this.#wanted = true;
  }

  /** Throws UserError when a segment gets too large. */
  push(sample: Sample): void {
    if (!this.clock.started) {
      if (!sample.randomAccess) return;
      this.origin = sample.pts / this.clock.timescale;
      this.clock.start(this.origin);
      this.#begin(sample, false);
    } else if (this.#broken) {
      if (!sample.randomAccess) return;
      this.#resume(sample);
    } else {
      this.#continue(sample);
    }
  }

  #continue(next: Sample): void {
    const pending = this.#pending!;
    const sample = nudged(next, pending.dts, this.input.sampleDuration, this.clock.timescale);
    const duration = sample.dts - pending.dts;
    const jumped = duration <= 0 || duration > this.clock.maxDuration;
    if (!jumped && sample === next) this.#lastDuration = duration;
    const taken = jumped ? this.#nominal : duration;
    this.builder.add(pending, this.clock.ticks(pending.dts), taken);
    this.#pending = sample;
    if (jumped) {
      this.#leftAt = this.clock.ticks(pending.dts) + taken;
      this.#broken = true;
      if (sample.randomAccess) this.#resume(sample);
      return;
    }
    if (!sample.randomAccess) return;
    const discontinuity = this.#wanted || this.input.codec !== this.builder.codec;
    if (discontinuity || this.#isDue(sample)) this.#cut(sample, discontinuity);
  }

  get #nominal(): number {
    return this.input.sampleDuration ?? this.#lastDuration;
  }

  /** A key frame that comes up to half a frame early counts: clocks are rounded. */
  #isDue(sample: Sample): boolean {
    const elapsed = this.builder.elapsed(this.clock.seconds(sample.dts));
    const tolerance = this.#nominal / 2 / this.clock.timescale;
    return elapsed + tolerance >= this.settings.segmentDuration / 1000;
  }

  /** A clock that jumped back goes on where all tracks have been; one that jumped ahead is followed. */
  #resume(sample: Sample): void {
    if (this.clock.ticks(sample.dts) < this.#leftAt) {
      const ahead = this.followers.end - this.#leftAt / this.clock.timescale;
      const gap = ahead > 0 && ahead <= maxAhead ? Math.ceil(ahead * this.clock.timescale) : 0;
      this.clock.rebase(sample.dts, this.#leftAt + gap);
      this.followers.rebased(this.clock.offset);
    }
    this.#broken = false;
    this.#cut(sample, true);
  }

  #cut(sample: Sample, discontinuity: boolean): void {
    this.builder.close(this.clock.seconds(sample.dts));
    this.#begin(sample, discontinuity);
  }

  #begin(sample: Sample, discontinuity: boolean): void {
    this.#pending = sample;
    this.#wanted = false;
    const time = this.clock.seconds(sample.dts);
    this.builder.begin(time, discontinuity);
    this.followers.begun({ time, discontinuity });
  }
}
