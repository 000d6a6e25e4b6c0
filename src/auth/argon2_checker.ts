import { createHmac, randomBytes } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { Argon2Answer, Argon2Task } from "./argon2_worker.ts";
import { verifyArgon2 } from "./argon2.ts";

/** Results remembered of each sort; a flood of wrong guesses does not push out the right ones. */
const maxRemembered = 256;
/** Different guesses that wait for the thread; more are answered with "no" at once. */
const maxPending = 64;

/**
 * Checks guesses against Argon2 hashes in a thread that is started on first use, and remembers the results under a
 * key that is drawn anew by each process, so that a player that reconnects costs nothing and memory holds no password.
 */
export class Argon2Checker implements AsyncDisposable {
  readonly #key = randomBytes(32);
  readonly #right = new Set<string>();
  readonly #wrong = new Set<string>();
  /** By the same digest: clients that come together with one password wait for one computation. */
  readonly #pending = new Map<string, Promise<boolean>>();
  readonly #waiting = new Map<number, { task: Argon2Task; resolve: (matches: boolean) => void }>();
  #worker: Worker | null = null;
  #noWorker = false;
  #closed = false;
  #lastId = 0;

  constructor(private readonly workerUrl: URL = new URL("./argon2_worker.ts", import.meta.url)) {}

  /** Never throws: a malformed hash matches nothing. */
  check(encoded: string, guess: string): boolean | Promise<boolean> {
    const digest = createHmac("sha256", this.#key).update(encoded).update("\0").update(guess).digest(
      "base64",
    );
    if (touch(this.#right, digest)) return true;
    if (touch(this.#wrong, digest)) return false;
    const running = this.#pending.get(digest);
    if (running !== undefined) return running;
    if (this.#closed || this.#pending.size >= maxPending) return false;
    const result = this.#compute(encoded, guess).then((matches) => {
      this.#pending.delete(digest);
      if (!this.#closed) remember(matches ? this.#right : this.#wrong, digest);
      return matches;
    });
    this.#pending.set(digest, result);
    return result;
  }

  /** Ends the thread; what still waits for it is answered with "no". */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = null;
    for (const { resolve } of this.#waiting.values()) resolve(false);
    this.#waiting.clear();
    await worker?.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #compute(encoded: string, guess: string): Promise<boolean> {
    if (this.#noWorker) return computeHere(encoded, guess);
    const task: Argon2Task = { id: ++this.#lastId, encoded, guess };
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.set(task.id, { task, resolve });
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(task);
    return promise;
  }

  #startWorker(): Worker {
    const worker = new Worker(this.workerUrl);
    worker.on("message", (answer: Argon2Answer) => {
      this.#waiting.get(answer.id)?.resolve(answer.matches);
      this.#waiting.delete(answer.id);
    });
    // Threads may be missing (a build without the worker's file): rather a stall than locked-out users.
    worker.on("error", () => {
      this.#worker = null;
      this.#noWorker = true;
      for (const { task, resolve } of this.#waiting.values()) {
        computeHere(task.encoded, task.guess).then(resolve);
      }
      this.#waiting.clear();
    });
    return worker;
  }
}

function computeHere(encoded: string, guess: string): Promise<boolean> {
  return verifyArgon2(encoded, guess).catch(() => false);
}

/** True when it was there; it becomes the newest. */
function touch(set: Set<string>, digest: string): boolean {
  if (!set.delete(digest)) return false;
  set.add(digest);
  return true;
}

function remember(set: Set<string>, digest: string): void {
  set.add(digest);
  if (set.size > maxRemembered) {
    for (const oldest of set) {
      set.delete(oldest);
      break;
    }
  }
}
