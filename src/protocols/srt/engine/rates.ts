/** Measured rates. Times in microseconds. */

const arrivalWindow = 16;
const probeWindow = 64;
/** Pairs that are sent back to back: the sequence numbers that are multiples of 16, and the ones behind them. */
const probePeriod = 16;
const initialInterval = 1_000_000;
const initialProbe = 1000;

/** Mean of the values within a factor of 8 of the median; null when those are not the most. */
function filteredMean(values: Float64Array, weights?: Float64Array): { mean: number; weight: number } | null {
  const median = values.slice().sort()[values.length >> 1];
  let sum = 0;
  let weight = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] >= median * 8 || values[i] <= median / 8) continue;
    sum += values[i];
    weight += weights === undefined ? 0 : weights[i];
    count++;
  }
  return count > values.length / 2 && sum > 0 ? { mean: sum / count, weight: weight / count } : null;
}

/** How fast packets come in, and how fast the link could bring them. */
export class ArrivalRates {
  readonly #intervals = new Float64Array(arrivalWindow).fill(initialInterval);
  readonly #sizes = new Float64Array(arrivalWindow);
  readonly #probes = new Float64Array(probeWindow).fill(initialProbe);
  #at = 0;
  #probeAt = 0;
  #last: number | null = null;
  #probeFrom: { sequence: number; now: number } | null = null;

  arrived(sequence: number, size: number, now: number, retransmitted: boolean): void {
    if (this.#last !== null) {
      this.#intervals[this.#at] = now - this.#last;
      this.#sizes[this.#at] = size;
      this.#at = (this.#at + 1) % arrivalWindow;
    }
    this.#last = now;
    if (retransmitted) return;
    if (sequence % probePeriod === 0) this.#probeFrom = { sequence, now };
    else if (this.#probeFrom !== null && sequence === this.#probeFrom.sequence + 1) {
      this.#probes[this.#probeAt] = now - this.#probeFrom.now;
      this.#probeAt = (this.#probeAt + 1) % probeWindow;
      this.#probeFrom = null;
    }
  }

  get speed(): { packetRate: number; byteRate: number } {
    const found = filteredMean(this.#intervals, this.#sizes);
    if (found === null) return { packetRate: 0, byteRate: 0 };
    const packetRate = 1_000_000 / found.mean;
    return { packetRate, byteRate: packetRate * found.weight };
  }

  /** Packets a second. */
  get capacity(): number {
    const found = filteredMean(this.#probes);
    return found === null ? 0 : 1_000_000 / found.mean;
  }
}

const rateWindow = 1_000_000;

/** Bytes a second, over the last whole second; null in the first one. */
export class ByteRate {
  #since: number | null = null;
  #bytes = 0;
  #rate: number | null = null;

  add(bytes: number, now: number): void {
    this.#roll(now);
    this.#bytes += bytes;
  }

  value(now: number): number | null {
    this.#roll(now);
    return this.#rate;
  }

  #roll(now: number): void {
    this.#since ??= now;
    const passed = now - this.#since;
    if (passed < rateWindow) return;
    this.#rate = this.#bytes * 1_000_000 / passed;
    this.#bytes = 0;
    this.#since = now;
  }
}
