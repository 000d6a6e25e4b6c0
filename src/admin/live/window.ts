/** Rates of counters over the last few samples. */

/** With one sample a second: the last five seconds. */
const maxSamples = 6;

interface Sample {
  /** Milliseconds of a steady clock. */
  readonly at: number;
  readonly counters: readonly number[];
}

/** Some counters of one thing. Counters that begin anew, or whose number changes, forget what was before. */
export class RateWindow {
  readonly #samples: Sample[] = [];

  /** `at`: milliseconds of a steady clock. */
  add(at: number, counters: readonly number[]): void {
    const last = this.#samples.at(-1)?.counters;
    if (last !== undefined && !continues(last, counters)) this.#samples.length = 0;
    this.#samples.push({ at, counters });
    if (this.#samples.length > maxSamples) this.#samples.shift();
  }

  /** How much each has grown; null before the second sample. */
  get growth(): { readonly seconds: number; readonly of: readonly number[] } | null {
    if (this.#samples.length < 2) return null;
    const first = this.#samples[0];
    const last = this.#samples[this.#samples.length - 1];
    const seconds = (last.at - first.at) / 1000;
    if (seconds <= 0) return null;
    return { seconds, of: last.counters.map((value, i) => value - first.counters[i]) };
  }
}

function continues(before: readonly number[], now: readonly number[]): boolean {
  return before.length === now.length && before.every((value, i) => value <= now[i]);
}
