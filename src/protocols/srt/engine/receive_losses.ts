import type { LossRange } from "../wire/loss_list.ts";
import { addSequence, sequenceDistance } from "../wire/sequence.ts";

/** Gaps that are followed at the same time; the oldest are no longer asked for when there are more. */
const maxRanges = 1024;

interface MissingRange {
  first: number;
  last: number;
  reportedAt: number;
}

/** What has not come, in ascending order. */
export class ReceiveLosses {
  #ranges: MissingRange[] = [];

  get empty(): boolean {
    return this.#ranges.length === 0;
  }

  /** Behind all others. */
  add(first: number, last: number, now: number): void {
    if (this.#ranges.length === maxRanges) this.#ranges.shift();
    this.#ranges.push({ first, last, reportedAt: now });
  }

  /** The packet has come after all. */
  remove(sequence: number): void {
    const ranges = this.#ranges;
    for (let i = 0; i < ranges.length; i++) {
      const range = ranges[i];
      if (sequenceDistance(range.last, sequence) > 0) continue;
      if (sequenceDistance(range.first, sequence) < 0) return;
      if (range.first === range.last) ranges.splice(i, 1);
      else if (sequence === range.first) range.first = addSequence(sequence, 1);
      else if (sequence === range.last) range.last = addSequence(sequence, -1);
      else {
        ranges.splice(i + 1, 0, { ...range, first: addSequence(sequence, 1) });
        range.last = addSequence(sequence, -1);
      }
      return;
    }
  }

  /** Nobody waits for anything before `sequence` any more. */
  removeBefore(sequence: number): void {
    const ranges = this.#ranges;
    let done = 0;
    while (done < ranges.length && sequenceDistance(ranges[done].last, sequence) > 0) done++;
    if (done > 0) ranges.splice(0, done);
    if (ranges.length > 0 && sequenceDistance(ranges[0].first, sequence) > 0) ranges[0].first = sequence;
  }

  /** Up to `limit` ranges that were last reported at `before` or earlier; they count as reported at `now`. */
  take(before: number, now: number, limit: number): LossRange[] {
    const out: LossRange[] = [];
    for (const range of this.#ranges) {
      if (range.reportedAt > before) continue;
      range.reportedAt = now;
      out.push({ first: range.first, last: range.last });
      if (out.length === limit) break;
    }
    return out;
  }

  clear(): void {
    this.#ranges = [];
  }
}
