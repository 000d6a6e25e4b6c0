/** A step back that is larger is another time that has begun; players stand smaller ones. */
const maxStepBackMs = 1000;
/** A track that begins further away from the others has a time of its own. */
const maxApartMs = 10_000;

interface Place {
  /** What is subtracted from its times. */
  readonly offset: number;
  readonly last: number;
}

/**
 * Times of a stream → times that readers see: they begin at 0 and go on when a publisher begins its time anew, since
 * players wait in vain for a time that has been.
 */
export class Timeline {
  #offset: number | null = null;
  #last = 0;
  /** By track id. */
  readonly #places = new Map<number, Place>();

  /** The latest time so far; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** `time` in ms, of what comes next of that track. The answer is never negative. */
  place(trackId: number, time: number): number {
    const offset = this.#choose(this.#places.get(trackId), time);
    // Other tracks may begin a little before the first unit.
    const seen = Math.max(0, time - offset);
    this.#places.set(trackId, { offset, last: seen });
    this.#last = Math.max(this.#last, seen);
    return seen;
  }

  #choose(place: Place | undefined, time: number): number {
    if (place !== undefined && time - place.offset >= place.last - maxStepBackMs) return place.offset;
    this.#offset ??= time;
    // Another track may have stepped already: then this one follows it.
    const ahead = time - this.#offset - this.#last;
    if (Math.abs(ahead) > maxApartMs || (place !== undefined && ahead < -maxStepBackMs)) {
      this.#offset = time - this.#last;
    }
    return this.#offset;
  }
}
