/** Times of the stream → times of the muxer, which start at 10 s and only jump forward. */
import { maxSampleDuration, startTime } from "./settings.ts";

export class TrackClock {
  #offset: number | null = null;

  constructor(readonly timescale: number) {}

  get started(): boolean {
    return this.#offset !== null;
  }

  /** `origin`: seconds of the stream that become the muxer's start. */
  start(origin: number): void {
    this.#offset = Math.round((startTime - origin) * this.timescale);
  }

  /** Ticks of the stream → ticks of the output. */
  ticks(time: number): number {
    return time + this.#offset!;
  }

  /** Ticks of the stream → seconds of the output. */
  seconds(time: number): number {
    return this.ticks(time) / this.timescale;
  }

  /** Makes `time` of the stream become `ticks` of the output: the stream's clock has jumped back. */
  rebase(time: number, ticks: number): void {
    this.#offset = ticks - time;
  }

  /** Seconds from the stream's time to the output's: the same for all tracks, as long as they share a clock. */
  get offset(): number {
    return this.#offset! / this.timescale;
  }

  /** What `time` of the stream would become with the offset of another track, in ticks of the output. */
  ticksWith(offset: number, time: number): number {
    return time + Math.round(offset * this.timescale);
  }

  get maxDuration(): number {
    return maxSampleDuration * this.timescale / 1000;
  }
}
