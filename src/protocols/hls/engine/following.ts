/** An audio rendition beside the leading one: it begins segments where that one does, as closely as its samples allow. */
import type { Boundary } from "./boundary.ts";
import type { Sample, TrackInput } from "./input/input.ts";
import type { SegmentBuilder } from "./segment_builder.ts";
import type { TrackClock } from "./track_clock.ts";

/** Boundaries that may wait for a late track. With one more the open segment is closed without it. */
const maxWaiting = 2;
/** Silence of the track that is a hole and no long sample, in seconds. */
const hole = 1;

export class FollowingTrack {
  #pending: Sample | null = null;
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
  push(sample: Sample): void {
    if (!this.clock.started) return;
    if (this.#pending !== null && !this.#continue(this.#pending, sample)) return;
    this.#pending = null;
    const time = this.clock.seconds(sample.dts);
    while (this.#waiting.length > 0 && time >= this.#waiting[0].time) this.#cut();
    // What lies in front of the first segment belongs to none.
    if (!this.#begun && this.builder.elapsed(time) < 0) return;
    if (this.builder.codec !== this.input.codec && !this.#useParameters()) return;
    this.#pending = sample;
    this.#begun = true;
  }

  /** Writes the pending sample, whose duration is known now. False: the new one has to be dropped. */
  #continue(pending: Sample, sample: Sample): boolean {
    const duration = sample.dts - pending.dts;
    const nominal = this.input.sampleDuration ?? duration;
    if (duration > 0 && !this.#isHole(pending, sample, duration)) {
      this.#add(pending, duration);
      return true;
    }
    if (duration <= 0 && duration > -this.clock.maxDuration) return false;
    this.#add(pending, nominal);
    if (duration <= 0) this.clock.rebase(sample.dts, this.clock.ticks(pending.dts) + nominal);
    return true;
  }

  /** A hole up to the next segment is left open; inside a segment the sample before it is stretched. */
  #isHole(pending: Sample, sample: Sample, duration: number): boolean {
    if (duration > this.clock.maxDuration) return true;
    if (duration <= hole * this.clock.timescale || this.#waiting.length === 0) return false;
    return this.#waiting[0].time > this.clock.seconds(pending.dts) &&
      this.#waiting[0].time <= this.clock.seconds(sample.dts);
  }

  #add(sample: Sample, duration: number): void {
    this.builder.add(sample, this.clock.ticks(sample.dts), duration);
  }

  #flush(): void {
    if (this.#pending === null) return;
    const { sampleDuration } = this.input;
    this.#add(this.#pending, sampleDuration ?? 1);
    this.#pending = null;
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
