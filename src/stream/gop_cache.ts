import type { Unit } from "./unit.ts";

const maxCachedUnits = 4096;
const maxCachedBytes = 32 * 1024 * 1024;

/**
 * The units since the last random access point of the video, all tracks in their order: what a new reader gets first
 * so that its picture starts at once. A stream without video has nothing to wait for, hence nothing is kept.
 */
export class GopCache {
  #units: Unit[] = [];
  #bytes = 0;
  /** False until the first key frame, and again after a group of pictures that is too large to be kept. */
  #filling = false;

  push(unit: Unit): void {
    if (unit.track.isVideo && unit.randomAccess) {
      this.#units = [];
      this.#bytes = 0;
      this.#filling = true;
    }
    if (!this.#filling) return;
    this.#units.push(unit);
    this.#bytes += unit.size;
    if (this.#units.length > maxCachedUnits || this.#bytes > maxCachedBytes) this.clear();
  }

  /** In stream order, the first one a random access point; empty when there is none. */
  get units(): readonly Unit[] {
    return this.#units;
  }

  clear(): void {
    this.#units = [];
    this.#bytes = 0;
    this.#filling = false;
  }
}
