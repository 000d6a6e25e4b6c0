/** Decoding times of an MPEG-TS publisher → times from the start of the stream. */
import { clockRate } from "../containers/mpegts/wire/timestamp.ts";

/** Decoding times of a track that jump further, 10 s, are those of another time line: it goes on without the gap. */
const maxJump = 10 * clockRate;

interface Place {
  /** Subtracted from decoding times. */
  offset: number;
  /** Where the track stands, from the start of the stream. */
  last: number;
  /** Far from another track whose unit came just before or behind its own. */
  apart: boolean;
}

/**
 * The tracks of a program share one clock, so they share one offset; and when the clock jumps, they do so one after the
 * other. Publishers whose tracks are far apart exist, so a jump is only what is one for the track itself.
 *
 * `T` stands for a track. All times in ticks of 90 kHz.
 */
export class MpegtsTimeLine<T> {
  readonly #places = new Map<T, Place>();
  /** The newest one: a track that jumps takes it when it fits. */
  #offset: number | null = null;
  /** That of the last unit of all. */
  #newest: Place | null = null;

  /** What to subtract from the times of the track's next unit. */
  offset(track: T, dts: number): number {
    this.#offset ??= dts;
    let place = this.#places.get(track);
    if (place === undefined) {
      this.#places.set(track, place = { offset: this.#offset, last: dts - this.#offset, apart: false });
    }
    const newest = this.#newest ??= place;
    const time = dts - place.offset;
    // One that comes back after long is in time when it is beside the others.
    if (isFar(time, place.last) && isFar(time, newest.last)) {
      const from = place.apart ? place.last : newest.last;
      if (isFar(dts - this.#offset, from)) this.#offset = dts - from;
      place.offset = this.#offset;
    }
    place.last = dts - place.offset;
    place.apart = isFar(place.last, newest.last);
    if (place.apart) newest.apart = true;
    this.#newest = place;
    return place.offset;
  }
}

function isFar(a: number, b: number): boolean {
  return Math.abs(a - b) > maxJump;
}
