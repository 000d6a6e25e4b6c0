import type { ReaderColumns } from "./shared.ts";

/** Missing numbers remembered per reader, to tell a late packet from a repeated one. */
const maxRemembered = 4096;

/** Follows the RTP sequence numbers of every reader; counts into the shared columns. */
export class Continuity {
  readonly #received: Int32Array;
  readonly #next: Int32Array;
  readonly #missing = new Map<number, Set<number>>();

  constructor(private readonly columns: ReaderColumns) {
    this.#received = columns.received;
    this.#next = columns.nextSequence;
  }

  packet(reader: number, sequence: number): void {
    const next = this.#next[reader];
    if (sequence === next || this.#received[reader] === 0) {
      this.#received[reader]++;
      this.#next[reader] = (sequence + 1) & 0xffff;
      return;
    }
    this.#received[reader]++;
    const ahead = (sequence - next) & 0xffff;
    if (ahead < 0x8000) {
      this.#jump(reader, next, ahead);
      this.#next[reader] = (sequence + 1) & 0xffff;
    } else if (this.#missing.get(reader)?.delete(sequence)) {
      this.columns.lost[reader]--;
      this.columns.reordered[reader]++;
    } else {
      this.columns.duplicate[reader]++;
    }
  }

  #jump(reader: number, from: number, count: number): void {
    this.columns.lost[reader] += count;
    let missing = this.#missing.get(reader);
    if (missing === undefined) this.#missing.set(reader, missing = new Set());
    for (let i = 0; i < count; i++) {
      if (missing.size >= maxRemembered) missing.clear();
      missing.add((from + i) & 0xffff);
    }
  }
}
