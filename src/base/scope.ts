/**
 * In a process that was held up (suspended, or without a processor), timers come before what has arrived in the meantime.
 * So long is waited until that is read, before anybody is found to be silent.
 */
export const readFirstMs = 50;

/**
 * A lifetime. Whatever is started inside a scope (timers, tasks, sockets) is ended by `close`, in the reverse order.
 * Closing twice is allowed and gives the same promise.
 */
export class Scope implements AsyncDisposable {
  #undo: (() => void | Promise<void>)[] = [];
  #tasks = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;
  readonly #abort = new AbortController();

  /** Aborted as soon as `close` is called. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Runs `undo` on close; at once when the scope is closed already. */
  defer(undo: () => void | Promise<void>): void {
    if (this.closed) void undo();
    else this.#undo.push(undo);
  }

  /** Follows a task until its end; `close` waits for it. Its failure goes to `onError`, never to the process. */
  run(task: () => Promise<void>, onError: (error: unknown) => void): void {
    const followed: Promise<void> = task().catch(onError).finally(() => this.#tasks.delete(followed));
    this.#tasks.add(followed);
  }

  /** Calls `action` every `periodMs` until the scope closes. */
  every(periodMs: number, action: () => void): void {
    const id = setInterval(action, periodMs);
    this.defer(() => clearInterval(id));
  }

  /** As `every`, for finding those who are silent: what has arrived while the process was held up is read first. */
  patrol(periodMs: number, action: () => void): void {
    this.every(periodMs, () => void this.after(readFirstMs, action));
  }

  /** Calls `action` once after `delayMs` unless the scope closes or the returned function is called before. */
  after(delayMs: number, action: () => void): () => void {
    if (this.closed) return () => {};
    const cancel = () => {
      clearTimeout(id);
      const at = this.#undo.indexOf(cancel);
      if (at >= 0) this.#undo.splice(at, 1);
    };
    const id = setTimeout(() => {
      cancel();
      action();
    }, delayMs);
    this.#undo.push(cancel);
    return cancel;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    // The caller may be one of the tasks: it must not wait for itself before its own undo has run.
    for (const undo of this.#undo.splice(0).reverse()) await undo();
    await Promise.all(this.#tasks);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Waiting that ends early: resolves after `ms`, or as soon as `signal` is aborted; at once when there is nothing to wait for.
 */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
