/** An audio rendition beside the leading one: it begins segments where that one does, as closely as its samples allow. */
import type { Boundary } from "./boundary.ts";
import type { Sample, TrackInput } from "./input/input.ts";
import { nudged } from "./nudge.ts";
import type { SegmentBuilder } from "./segment_builder.ts";
import type { TrackClock } from "./track_clock.ts";

/** Boundaries that may wait for a late track. With one more the open segment is closed without it. */
const maxWaiting = 2;
/** Silence of the track that is a hole and no long sample, in seconds. */
const hole = 1;
/** So long is an offset of the leading track good for, in seconds of this one. */
const offerSeconds = 30;

export class FollowingTrack {
  /** The newest sample; its duration is known when the next one comes, then it is written. */
  #pending: Sample | null = null;
  #isWritten = false;
  /** The clock of the leading track has jumped back: the offset to take over when this one does, too. */
  #offered: number | null = null;
  /** Where this track was then, in ticks of the output. */
  #offeredAt = 0;
  /** This track's clock jumped back, and the leading one's did not: it goes its own way. */
  #astray = false;
  /** Ticks of the stream at which samples are dropped since it jumped back. */
  #jumpedTo: number | null = null;
  readonly #waiting: Boundary[] = [];
  /** Samples have new parameters and wait for a discontinuity. */
  #changed = false;
  #begun = false;

  constructor(
    private readonly input: TrackInput,
    private readonly clock: TrackClock,
    private readonly builder: SegmentBuilder,
    private readonly wantDiscontinuity: () => void,
  ) {}

  /** `origin`: seconds of the stream where the leading track began. */
  start(origin: number, boundary: Boundary): void {
    this.clock.start(origin);
    this.builder.begin(boundary.time, false);
  }

  addBoundary(boundary: Boundary): void {
    this.#waiting.push(boundary);
    if (this.#waiting.length <= maxWaiting) return;
    this.#flush();
    this.#cut();
  }

  /** Throws UserError when a segment gets too large. */
  push(next: Sample): void {
    if (!this.clock.started) return;
    const sample = this.#nudged(next);
    if (this.#pending !== null && !this.#continue(this.#pending, sample)) return;
    const time = this.clock.seconds(sample.dts);
    while (this.#waiting.length > 0 && time >= this.#waiting[0].time) this.#cut();
    // What lies in front of the first segment belongs to none.
    if (!this.#begun && this.builder.elapsed(time) < 0) return;
    if (this.builder.codec !== this.input.codec && !this.#useParameters()) return;
    this.#pending = sample;
    this.#isWritten = false;
    this.#begun = true;
  }

  /** While the leading track offers its new time, a step back is one into that. */
  #nudged(sample: Sample): Sample {
    if (this.#pending === null || this.#offered !== null) return sample;
    return nudged(sample, this.#pending.dts, this.input.sampleDuration, this.clock.timescale);
  }

  /** The leading track's clock has jumped back, and its offset is another one. */
  follow(offset: number): void {
    this.#offered = offset;
    this.#offeredAt = this.#pending === null ? 0 : this.#endOf(this.#pending);
  }

  /** Seconds of the output up to which there are samples; 0 before the first. */
  get end(): number {
    return this.#pending === null ? 0 : this.#endOf(this.#pending) / this.clock.timescale;
  }

  /** Ticks of the output. */
  #endOf(sample: Sample): number {
    return this.clock.ticks(sample.dts) + (this.input.sampleDuration ?? 0);
  }

  /** Writes the pending sample, whose duration is known now. False: the new one has to be dropped. */
  #continue(pending: Sample, sample: Sample): boolean {
    const duration = sample.dts - pending.dts;
    if (this.#offered !== null && !this.#astray && this.#isOfferStale(pending)) this.#offered = null;
    if (this.#offered !== null && (duration <= 0 || this.#astray)) {
      const offered = this.clock.ticksWith(this.#offered, sample.dts);
      const apart = offered - this.#endOf(pending);
      if (Math.abs(apart) <= this.clock.maxDuration) return this.#rejoin(pending, sample, offered, false);
      // Its clock has nothing to do with the leading one.
      this.#offered = null;
    }
    if (duration <= 0) return this.#jump(pending, sample);
    this.#jumpedTo = null;
    const nominal = this.input.sampleDuration ?? duration;
    this.#add(pending, this.#isHole(pending, sample, duration) ? nominal : duration);
    return true;
  }

  /** The leading track's clock has jumped alone. */
  #isOfferStale(pending: Sample): boolean {
    return this.#endOf(pending) - this.#offeredAt > offerSeconds * this.clock.timescale;
  }

  /**
   * The clock has jumped back. Mostly the leading one's has, too, or will when its next key frame comes: until then
   * samples are dropped. A clock that is alone in this goes on without.
   */
  #jump(pending: Sample, sample: Sample): boolean {
    const from = this.#jumpedTo = Math.min(this.#jumpedTo ?? Infinity, sample.dts);
    if (sample.dts - from < this.clock.maxDuration) return false;
    return this.#rejoin(pending, sample, this.#endOf(pending) + sample.dts - from, true);
  }

  /** From `sample` on the offset is another one, with which it stands at `ticks` of the output. */
  #rejoin(pending: Sample, sample: Sample, ticks: number, astray: boolean): boolean {
    const end = this.#endOf(pending);
    const nominal = end - this.clock.ticks(pending.dts);
    // What has been told cannot be told again; half a frame is within the rounding of clocks.
    if (ticks < end - nominal / 2) return false;
    const at = Math.max(ticks, end);
    const open = this.#isBoundaryWithin(this.clock.seconds(pending.dts), at / this.clock.timescale);
    this.#add(pending, open ? Math.max(nominal, 1) : Math.max(at - this.clock.ticks(pending.dts), 1));
    this.clock.rebase(sample.dts, at);
    this.#astray = astray;
    this.#jumpedTo = null;
    if (!astray) this.#offered = null;
    return true;
  }

  /** A hole up to the next segment is left open; inside a segment the sample before it is stretched. */
  #isHole(pending: Sample, sample: Sample, duration: number): boolean {
    if (duration > this.clock.maxDuration) return true;
    if (duration <= hole * this.clock.timescale) return false;
    return this.#isBoundaryWithin(this.clock.seconds(pending.dts), this.clock.seconds(sample.dts));
  }

  /** Seconds of the output. */
  #isBoundaryWithin(start: number, end: number): boolean {
    return this.#waiting.length > 0 && this.#waiting[0].time > start && this.#waiting[0].time <= end;
  }

  #add(pending: Sample, duration: number): void {
    if (this.#isWritten) return;
    this.#isWritten = true;
    this.builder.add(pending, this.clock.ticks(pending.dts), duration);
  }

  #flush(): void {
    if (this.#pending !== null) this.#add(this.#pending, this.input.sampleDuration ?? 1);
  }

  #cut(): void {
    const { time, discontinuity } = this.#waiting.shift()!;
    this.builder.close(time);
    this.builder.begin(time, discontinuity);
    if (discontinuity) this.#changed = false;
  }

  /** False: the sample has to be dropped, its parameters cannot be used yet. */
  #useParameters(): boolean {
    if (this.builder.codec === null) {
      // The first sample ever: nothing that came before could be decoded otherwise.
      this.builder.useFirstCodec();
      return true;
    }
    if (!this.#changed) {
      this.#changed = true;
      this.wantDiscontinuity();
    }
    return false;
  }
}
