import { hasPassed } from "../base/time.ts";
import type { Track } from "./track.ts";
import type { Unit } from "./unit.ts";

const maxCachedUnits = 4096;
const maxCachedBytes = 32 * 1024 * 1024;
/** Units that stay for longer, up to twice that, leave the memory in which they came: most groups are over before. */
const settleAfterMs = 4000;

/**
 * What a new reader gets first so that its pictures start at once: of each video track the units since its last random access
 * point, and what came between them of the other tracks, in stream order. A stream without video has nothing to wait for,
 * hence nothing is kept.
 */
export class GopCache {
  #units: Unit[] = [];
  #bytes = 0;
  /** Video tracks whose key frame is here. None at first, and again after groups of pictures that are too large to be kept. */
  readonly #filling = new Set<Track>();
  /** So many units have memory of their own; so many were here at `#lookedAt`. */
  #settled = 0;
  #seen = 0;
  #lookedAt = -Infinity;

  /** `now`: milliseconds of any clock. */
  push(unit: Unit, now: number): void {
    const { track } = unit;
    if (track.isVideo && unit.randomAccess) {
      if (this.#filling.size === 1 && this.#filling.has(track)) this.clear();
      else this.#forget(track);
      this.#filling.add(track);
    }
    if (track.isVideo ? !this.#filling.has(track) : this.#filling.size === 0) return;
    this.#units.push(unit);
    this.#bytes += unit.size;
    if (this.#units.length > maxCachedUnits || this.#bytes > maxCachedBytes) this.clear();
    else if (hasPassed(settleAfterMs, this.#lookedAt, now)) this.#settle(now);
  }

  /** Takes out the units of a video track, and what comes before the first picture that is left. */
  #forget(track: Track): void {
    if (!this.#filling.has(track)) return;
    const kept: Unit[] = [];
    let [bytes, settled, seen] = [0, 0, 0];
    this.#units.forEach((unit, i) => {
      if (unit.track === track || kept.length === 0 && !unit.track.isVideo) return;
      kept.push(unit);
      bytes += unit.size;
      if (i < this.#settled) settled++;
      if (i < this.#seen) seen++;
    });
    this.#units = kept;
    this.#bytes = bytes;
    this.#settled = settled;
    this.#seen = seen;
  }

  /**
   * A packet that came over UDP lies in a block with those of all others: kept for minutes, as in the long groups of some
   * cameras, small packets would keep everything that the server has received since.
   */
  #settle(now: number): void {
    while (this.#settled < this.#seen) this.#units[this.#settled++].settle();
    this.#seen = this.#units.length;
    this.#lookedAt = now;
  }

  /** In stream order, the first one a random access point; empty when there is none. */
  get units(): readonly Unit[] {
    return this.#units;
  }

  clear(): void {
    this.#units = [];
    this.#bytes = 0;
    this.#filling.clear();
    this.#settled = 0;
    this.#seen = 0;
  }
}
