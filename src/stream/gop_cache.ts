import { hasPassed } from "../base/time.ts";
import type { Unit } from "./unit.ts";

const maxCachedUnits = 4096;
const maxCachedBytes = 32 * 1024 * 1024;
/** Units that stay for longer, up to twice that, leave the memory in which they came: most groups are over before. */
const settleAfterMs = 4000;

/**
 * The units since the last random access point of the video, all tracks in their order: what a new reader gets first
 * so that its picture starts at once. A stream without video has nothing to wait for, hence nothing is kept.
 */
export class GopCache {
  #units: Unit[] = [];
  #bytes = 0;
  /** False until the first key frame, and again after a group of pictures that is too large to be kept. */
  #filling = false;
  /** So many units have memory of their own; so many were here at `#lookedAt`. */
  #settled = 0;
  #seen = 0;
  #lookedAt = -Infinity;

  /** `now`: milliseconds of any clock. */
  push(unit: Unit, now: number): void {
    if (unit.track.isVideo && unit.randomAccess) {
      this.clear();
      this.#filling = true;
    }
    if (!this.#filling) return;
    this.#units.push(unit);
    this.#bytes += unit.size;
    if (this.#units.length > maxCachedUnits || this.#bytes > maxCachedBytes) this.clear();
    else if (hasPassed(settleAfterMs, this.#lookedAt, now)) this.#settle(now);
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
    this.#filling = false;
    this.#settled = 0;
    this.#seen = 0;
  }
}
