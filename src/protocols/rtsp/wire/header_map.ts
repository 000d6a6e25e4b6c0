/**
 * The headers of one message (RFC 2326 §4, RFC 2616 §4.2): names in any case, order and repetitions kept.
 */
export class HeaderMap implements Iterable<readonly [name: string, value: string]> {
  readonly #entries: [name: string, value: string][] = [];

  constructor(entries: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of entries) this.add(name, value);
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The first value under this name. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#entries.find(([other]) => other.toLowerCase() === wanted)?.[1];
  }

  /** Every value under this name, in order. */
  all(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#entries.filter(([other]) => other.toLowerCase() === wanted).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  add(name: string, value: string): this {
    this.#entries.push([name, value]);
    return this;
  }

  /** Replaces every value under this name; keeps the place of the first. */
  set(name: string, value: string): this {
    const wanted = name.toLowerCase();
    const at = this.#entries.findIndex(([other]) => other.toLowerCase() === wanted);
    if (at < 0) return this.add(name, value);
    this.delete(name);
    this.#entries.splice(at, 0, [name, value]);
    return this;
  }

  delete(name: string): void {
    const wanted = name.toLowerCase();
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      if (this.#entries[i][0].toLowerCase() === wanted) this.#entries.splice(i, 1);
    }
  }

  /** Appends text to the value that was added last: how a folded line continues. False when there is none. */
  extendLast(text: string): boolean {
    const last = this.#entries.at(-1);
    if (last === undefined) return false;
    last[1] = last[1] === "" ? text : `${last[1]} ${text}`;
    return true;
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    return this.#entries[Symbol.iterator]();
  }
}
