/** Waiting for what others do: no polling, and a sentence instead of a hanging test when it does not happen. */

/** Far longer than anything takes; only a failing test gets there. */
const guardMs = 15_000;

/** Gives what `promise` gives, or throws when that takes for ever. */
export async function guarded<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const guard = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), guardMs);
  });
  try {
    return await Promise.race([promise, guard]);
  } finally {
    clearTimeout(timer);
  }
}

/** A list that grows; who waits is woken by each addition. */
export class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  #ended = false;
  #change = Promise.withResolvers<void>();

  push(item: T): void {
    this.all.push(item);
    this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  #notify(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** The next one that nobody has taken. */
  async next(what: string): Promise<T> {
    await this.until(what, () => this.all.length > this.#taken);
    return this.all[this.#taken++];
  }

  async take(what: string, count: number): Promise<T[]> {
    const taken: T[] = [];
    while (taken.length < count) taken.push(await this.next(`${what} ${taken.length + 1} of ${count}`));
    return taken;
  }

  /** Resolves as soon as the condition holds, which is looked at after each addition. */
  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#ended) throw new Error(`the end came before ${what}`);
      await guarded(what, this.#change.promise);
    }
  }

  /** Resolves when nothing more can come. */
  async ended(what: string): Promise<void> {
    while (!this.#ended) await guarded(`the end of ${what}`, this.#change.promise);
  }
}
