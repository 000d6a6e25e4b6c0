/** When a program clock reference is due, and what it says (ISO/IEC 13818-1 §2.4.2.2, §2.7.2). */
import { clockRate } from "./wire/timestamp.ts";

/** The clock runs this far behind the decoding times, so that receivers have time to gather a frame: 100 ms. */
export const pcrDelay = clockRate / 10;
/** §2.7.2 allows 100 ms; at 25 and 30 frames a second this gives one on every frame. */
const period = clockRate / 30;
/** So long does the clock wait for the leading track before others drive it: 1 s. */
const leaderPatience = clockRate;

export interface PcrValue {
  /** 90 kHz ticks, not wrapped. */
  readonly base: number;
  /** The clock jumps. */
  readonly discontinuity: boolean;
}

export class PcrClock {
  #last: number | undefined;
  #leaderIsQuiet = false;

  /** `dts` of a unit of the leading track; null when no reference is due. `wanted`: where reading may start. */
  lead(dts: number, wanted: boolean): PcrValue | null {
    const base = dts - pcrDelay;
    const passed = this.#last === undefined ? Infinity : base - this.#last;
    const back = passed < -leaderPatience;
    // A little behind: another track started the clock. It must not run backwards.
    if (passed < 0 && !back) return null;
    this.#leaderIsQuiet = false;
    if (!wanted && !back && passed < period) return null;
    this.#last = base;
    return { base, discontinuity: back };
  }

  /** `dts` of a unit of another track: keeps the clock going when the leading track has nothing to say. */
  follow(dts: number): PcrValue | null {
    const base = dts - pcrDelay;
    if (this.#last !== undefined && base - this.#last < (this.#leaderIsQuiet ? period : leaderPatience)) {
      return null;
    }
    this.#leaderIsQuiet = true;
    this.#last = base;
    return { base, discontinuity: false };
  }
}
