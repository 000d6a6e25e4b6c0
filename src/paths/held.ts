import { UserError } from "../base/errors.ts";

/** Requests that may wait for one path at a time. */
export const maxHeldRequests = 1024;

interface Held {
  /** The stream is there: answer. */
  grant(): void;
  fail(error: Error): void;
}

/** Requests that wait for a stream, in the order in which they came. */
export class HeldRequests {
  readonly #held = new Set<Held>();

  /** `onGone` is called after a request was given up by its client. */
  constructor(private readonly pathName: string, private readonly onGone: () => void) {}

  get size(): number {
    return this.#held.size;
  }

  /** Waits until `grantAll`, then answers with what `answer` gives or throws. */
  hold<T>(answer: () => T, signal: AbortSignal | undefined): Promise<T> {
    if (signal?.aborted) return Promise.reject(clientGone());
    if (this.#held.size >= maxHeldRequests) {
      return Promise.reject(new UserError(`too many requests are waiting for path '${this.pathName}'`));
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settle = (how: () => void) => {
      if (!this.#held.delete(held)) return;
      signal?.removeEventListener("abort", onAbort);
      how();
    };
    const held: Held = {
      grant: () =>
        settle(() => {
          try {
            resolve(answer());
          } catch (error) {
            reject(error);
          }
        }),
      fail: (error) => settle(() => reject(error)),
    };
    const onAbort = () => {
      held.fail(clientGone());
      this.onGone();
    };
    signal?.addEventListener("abort", onAbort);
    this.#held.add(held);
    return promise;
  }

  grantAll(): void {
    for (const held of [...this.#held]) held.grant();
  }

  failAll(error: Error): void {
    for (const held of [...this.#held]) held.fail(error);
  }
}

function clientGone(): Error {
  return new UserError("client has gone away");
}
