/** Counts of durations in buckets 3 % wide, in memory that threads may share. */

const bucketsPerOctave = 32;
/** Up to 2^26 µs, about a minute. */
const octaves = 26;
const bucketCount = bucketsPerOctave * octaves;

export const histogramBytes = bucketCount * 4;

function bucketOf(micros: number): number {
  if (micros <= 1) return 0;
  return Math.min(bucketCount - 1, Math.floor(Math.log2(micros) * bucketsPerOctave));
}

export class Histogram {
  readonly #counts: Int32Array;

  constructor(memory: SharedArrayBuffer | ArrayBuffer = new ArrayBuffer(histogramBytes)) {
    this.#counts = new Int32Array(memory, 0, bucketCount);
  }

  add(micros: number): void {
    this.#counts[bucketOf(micros)]++;
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The upper edge of the bucket that holds the given share (0 to 1) of the values, in µs; 0 when empty. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * share));
    let seen = 0;
    for (let i = 0; i < bucketCount; i++) {
      seen += this.#counts[i];
      if (seen >= wanted) return 2 ** ((i + 1) / bucketsPerOctave);
    }
    return 0;
  }

  clear(): void {
    this.#counts.fill(0);
  }
}
