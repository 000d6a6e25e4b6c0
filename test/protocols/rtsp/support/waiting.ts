import { guarded } from "../../../support/guarded.ts";

/** A list that grows; who waits is woken by each addition: no polling. */
export class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  #ended = false;
  #change = Promise.withResolvers<void>();

  get hasEnded(): boolean {
    return this.#ended;
  }

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
