/** Packet indices (RFC 3711 §3.3.1) and the replay window (§3.3.2). */

/** The upper 32 bits of an index of 48: how often the sequence number has wrapped. */
export function rolloverOf(index: number): number {
  return Math.floor(index / 0x10000);
}

/** The lower 16. A remainder of numbers that are no 32-bit integers would be a call into the C library. */
export function sequenceOf(index: number): number {
  return index - rolloverOf(index) * 0x10000;
}

/** The 48-bit index of the packets of one SSRC, out of their 16-bit sequence numbers. */
export class RolloverCounter {
  #highest: number | undefined;

  constructor(private rollover: number) {}

  /** Times that the sequence number has wrapped. */
  get value(): number {
    return this.rollover;
  }

  /** The index that the packet most likely has; says nothing about packets to come. */
  estimate(sequence: number): number {
    const highest = this.#highest;
    let rollover = this.rollover;
    if (highest !== undefined) {
      if (highest < 0x8000) {
        if (sequence - highest > 0x8000) rollover--;
      } else if (highest - 0x8000 > sequence) {
        rollover++;
      }
    }
    // Modulo 2^32, as the standard says.
    return (rollover >>> 0) * 0x10000 + sequence;
  }

  /** Remembers the index of a packet that was sent, or that proved authentic. */
  advance(index: number): void {
    const sequence = sequenceOf(index);
    const rollover = rolloverOf(index);
    if (this.#highest === undefined || rollover === (this.rollover + 1) >>> 0) {
      this.rollover = rollover;
      this.#highest = sequence;
    } else if (rollover === this.rollover && sequence > this.#highest) {
      this.#highest = sequence;
    }
  }
}

/** Indices further behind the newest one are refused. Wide enough for retransmissions. */
const replayWindowSize = 1024;

export class ReplayWindow {
  #newest = -1;
  readonly #seen = new Uint32Array(replayWindowSize / 32);

  /** False for an index that came already or is too old. */
  isFresh(index: number): boolean {
    if (index > this.#newest) return true;
    if (index <= this.#newest - replayWindowSize) return false;
    const bit = index % replayWindowSize;
    return (this.#seen[bit >> 5] >>> (bit & 31) & 1) === 0;
  }

  accept(index: number): void {
    if (index > this.#newest) {
      if (index - this.#newest >= replayWindowSize) this.#seen.fill(0);
      else for (let i = this.#newest + 1; i < index; i++) this.#set(i % replayWindowSize, 0);
      this.#newest = index;
    }
    this.#set(index % replayWindowSize, 1);
  }

  #set(bit: number, value: 0 | 1): void {
    if (value === 1) this.#seen[bit >> 5] |= 1 << (bit & 31);
    else this.#seen[bit >> 5] &= ~(1 << (bit & 31));
  }
}
