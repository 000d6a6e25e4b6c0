import { Refused } from "./refused.ts";

interface Waiter {
  readonly enter: () => void;
  readonly fail: (error: Refused) => void;
}

/** So many at a time; others wait for their turn, but not too many and not for ever. */
export class Slots {
  readonly #waiting = new Set<Waiter>();
  #free: number;

  constructor(count: number, private readonly maxWaiting: number) {
    this.#free = count;
  }

  /** Throws `Refused` when it is not its turn within `maxWaitMs`, or too many wait already. */
  async run<T>(maxWaitMs: number, task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(maxWaitMs);
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  /** Who waits is refused. */
  close(): void {
    for (const waiter of [...this.#waiting]) waiter.fail(new Refused("unavailable", "terminated"));
  }

  #turn(maxWaitMs: number): Promise<void> {
    if (this.#waiting.size >= this.maxWaiting) throw tooMany();
    return new Promise((resolve, reject) => {
      // Whoever has given up must not get a slot, which would be lost.
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        enter: () => {
          settle();
          resolve();
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.fail(tooMany()), maxWaitMs);
      this.#waiting.add(waiter);
    });
  }

  /** The slot goes to the one that has waited longest. */
  #release(): void {
    for (const waiter of this.#waiting) return waiter.enter();
    this.#free++;
  }
}

function tooMany(): Refused {
  return new Refused("unavailable", "too many requests wait for an answer");
}
