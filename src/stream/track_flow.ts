/** What has come of one track, counted unit by unit. */
import type { Unit } from "./unit.ts";

/** Written by the stream, read by whoever shows it. */
export class TrackFlow {
  units = 0;
  bytes = 0;
  #lastKeyPts: number | null = null;
  #keyFrameInterval: number | null = null;

  /** Seconds between the last two random access units of a video track; null before the second. */
  get keyFrameInterval(): number | null {
    return this.#keyFrameInterval;
  }

  /** `size` in bytes. */
  add(unit: Unit, size: number): void {
    this.units++;
    this.bytes += size;
    const { track } = unit;
    if (!track.isVideo || !unit.randomAccess) return;
    const before = this.#lastKeyPts;
    this.#lastKeyPts = unit.pts;
    if (before !== null && unit.pts > before) this.#keyFrameInterval = (unit.pts - before) / track.clockRate;
  }
}
