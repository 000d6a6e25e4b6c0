/**
 * One timer for all connections of a socket. Its owner must call `close`.
 */

import { readFirstMs } from "../../base/scope.ts";

/** Microseconds. Whoever is that late was held up: what has arrived is read before anything is given up. */
const heldUp = 500_000;
/** Wakes that are closer together come together. */
const leastPauseMs = 1;

export interface Wakeable {
  /** Microseconds of the clock; Infinity: no need. */
  readonly nextWake: number;
  tick(now: number): void;
}

interface Entry {
  readonly at: number;
  readonly who: Wakeable;
}

/** Microseconds of a steady clock. */
export function steadyNow(): number {
  return performance.now() * 1000;
}

export class Wakes {
  /** A binary heap, the earliest first. Entries of somebody who has an earlier one are left to run dry. */
  readonly #heap: Entry[] = [];
  /** The earliest entry of each. */
  readonly #scheduled = new Map<Wakeable, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armedFor = Infinity;
  /** When the timer should fire. */
  #dueAt = Infinity;
  #isSure = false;
  #closed = false;

  /** To be called whenever something may have changed `nextWake`. */
  schedule(who: Wakeable): void {
    if (this.#closed) return;
    const at = who.nextWake;
    if (at >= (this.#scheduled.get(who) ?? Infinity)) return;
    this.#scheduled.set(who, at);
    this.#push({ at, who });
    if (this.#heap[0].at < this.#armedFor) this.#arm();
  }

  forget(who: Wakeable): void {
    this.#scheduled.delete(who);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Infinity;
    if (this.#heap.length === 0) return;
    this.#armedFor = this.#heap[0].at;
    const now = steadyNow();
    const pause = Math.max(leastPauseMs, Math.ceil((this.#armedFor - now) / 1000));
    this.#dueAt = now + pause * 1000;
    this.#timer = setTimeout(() => this.#fire(), pause);
  }

  #fire(): void {
    const now = steadyNow();
    if (!this.#isSure && now - this.#dueAt >= heldUp) {
      this.#isSure = true;
      this.#timer = setTimeout(() => this.#fire(), readFirstMs);
      return;
    }
    this.#isSure = false;
    this.#armedFor = -Infinity;
    try {
      while (this.#heap.length > 0 && this.#heap[0].at <= now) {
        const { at, who } = this.#pop();
        if (this.#scheduled.get(who) !== at) continue;
        this.#scheduled.delete(who);
        if (who.nextWake <= now) who.tick(now);
        this.schedule(who);
      }
    } finally {
      // Whatever one of them throws, the others go on.
      this.#arm();
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent].at <= entry.at) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].at < heap[child].at) child++;
      if (heap[child].at >= last.at) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#heap.length = 0;
    this.#scheduled.clear();
  }
}
