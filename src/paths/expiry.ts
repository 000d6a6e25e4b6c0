/** The longest that a timer can be set to is 2³¹ milliseconds; a day leaves room for clocks that are set. */
const maxTimerMs = 86_400_000;

/** The end of somebody's right to be here. Costs nothing without one. */
export class Expiry {
  #at: number | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** `at`: milliseconds since 1970; null for never. `action` is never called from inside. */
  constructor(at: number | null, private readonly action: () => void) {
    this.#at = at;
    this.#arm();
  }

  /** A later end; an earlier one changes nothing. */
  extend(at: number | null): void {
    if (this.#at === null || at !== null && at <= this.#at) return;
    this.#at = at;
    this.#arm();
  }

  /** Nobody is here anymore. */
  cancel(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#ended || this.#at === null) return;
    const left = Math.max(0, this.#at - Date.now());
    this.#timer = setTimeout(() => this.#rings(), Math.min(left, maxTimerMs));
  }

  #rings(): void {
    if (this.#at !== null && this.#at > Date.now()) return this.#arm();
    this.#ended = true;
    this.action();
  }
}
