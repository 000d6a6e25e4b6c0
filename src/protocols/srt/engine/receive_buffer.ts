import { addSequence, sequenceDistance } from "../wire/sequence.ts";

const firstCapacity = 256;
/** Packets that are held until they are due, gaps included. */
export const receiveCapacity = 32_768;

/** In the place of a packet that the sender has given up. */
export const givenUp: Uint8Array = new Uint8Array(0);

/** Packets in their order, with holes. */
export class ReceiveBuffer {
  #ring: (Uint8Array | null)[] = new Array(firstCapacity).fill(null);
  #due = new Float64Array(firstCapacity);
  /** Behind the last one that is there. */
  end: number;
  /** The first one that is there; null when none is. */
  #firstPresent: number | null = null;
  /** Everything before it is there. */
  #contiguous: number;
  #count = 0;
  #bytes = 0;

  /** `first`: the next one that the application gets. */
  constructor(public first: number) {
    this.end = first;
    this.#contiguous = first;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get available(): number {
    return receiveCapacity - sequenceDistance(this.first, this.end);
  }

  get firstPresent(): number | null {
    return this.#firstPresent;
  }

  /** The first packet that is missing, or the next one. */
  get firstMissing(): number {
    if (sequenceDistance(this.#contiguous, this.first) > 0) this.#contiguous = this.first;
    while (this.#contiguous !== this.end && this.has(this.#contiguous)) {
      this.#contiguous = addSequence(this.#contiguous, 1);
    }
    return this.#contiguous;
  }

  #index(sequence: number): number {
    return sequence & this.#ring.length - 1;
  }

  /** `sequence` lies between `first` and `first + receiveCapacity`. */
  has(sequence: number): boolean {
    return sequenceDistance(this.first, sequence) < this.#ring.length &&
      this.#ring[this.#index(sequence)] !== null;
  }

  due(sequence: number): number {
    return this.#due[this.#index(sequence)];
  }

  put(sequence: number, payload: Uint8Array, due: number): void {
    const offset = sequenceDistance(this.first, sequence);
    while (offset >= this.#ring.length) this.#grow();
    const index = this.#index(sequence);
    this.#ring[index] = payload;
    this.#due[index] = due;
    this.#count++;
    this.#bytes += payload.length;
    if (sequenceDistance(this.end, sequence) >= 0) this.end = addSequence(sequence, 1);
    if (this.#firstPresent === null || sequenceDistance(sequence, this.#firstPresent) > 0) {
      this.#firstPresent = sequence;
    }
  }

  #grow(): void {
    const old = this.#ring;
    const oldDue = this.#due;
    this.#ring = new Array(2 * old.length).fill(null);
    this.#due = new Float64Array(2 * old.length);
    for (let i = 0; i < old.length; i++) {
      const sequence = addSequence(this.first, i);
      const from = sequence & old.length - 1;
      this.#ring[this.#index(sequence)] = old[from];
      this.#due[this.#index(sequence)] = oldDue[from];
    }
  }

  /** Takes `firstPresent` out; what lies before it is passed over. */
  shift(): Uint8Array {
    const sequence = this.#firstPresent!;
    const index = this.#index(sequence);
    const payload = this.#ring[index]!;
    this.#ring[index] = null;
    this.#count--;
    this.#bytes -= payload.length;
    this.first = addSequence(sequence, 1);
    let next = this.first;
    while (next !== this.end && !this.has(next)) next = addSequence(next, 1);
    this.#firstPresent = next === this.end ? null : next;
    return payload;
  }

  /** Microseconds between the first and the last packet. */
  get span(): number {
    return this.#firstPresent === null
      ? 0
      : this.due(addSequence(this.end, -1)) - this.due(this.#firstPresent);
  }
}
