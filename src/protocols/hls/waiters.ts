/** Why a wait has ended. */
export type WakeReason = "changed" | "late" | "gone";

/** Requests that are held until something changes, their client goes away, or time is up. */
export class Waiters {
  readonly #waiting = new Set<(reason: WakeReason) => void>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Something has changed: everybody looks again. */
  wake(): void {
    for (const end of [...this.#waiting]) end("changed");
  }

  wait(signal: AbortSignal, limitMs: number): Promise<WakeReason> {
    if (signal.aborted) return Promise.resolve("gone");
    return new Promise((resolve) => {
      const end = (reason: WakeReason) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", gone);
        this.#waiting.delete(end);
        resolve(reason);
      };
      const gone = () => end("gone");
      const timer = setTimeout(() => end("late"), limitMs);
      signal.addEventListener("abort", gone);
      this.#waiting.add(end);
    });
  }
}
