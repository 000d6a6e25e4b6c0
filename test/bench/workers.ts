/** The main thread's side of the tool's threads. */
import type { PublisherJob, PublisherNews, PublisherOrder, PublisherTotals } from "./publisher/worker.ts";
import type { ReaderJob, ReaderNews } from "./readers/worker.ts";

/** Delivers a worker's messages in order; a failure in the worker rejects whoever waits. */
class Mailbox<T extends { readonly type: string }> {
  readonly worker: Worker;
  readonly #news: T[] = [];
  #failure: Error | undefined;
  #arrived = Promise.withResolvers<void>();

  constructor(module: string) {
    this.worker = new Worker(new URL(module, import.meta.url), { type: "module" });
    this.worker.onmessage = (event) => {
      this.#news.push(event.data as T);
      this.#arrived.resolve();
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.#failure = new Error(event.message);
      this.#arrived.resolve();
    };
  }

  async next(): Promise<T> {
    while (true) {
      const first = this.#news.shift();
      if (first !== undefined) return first;
      if (this.#failure !== undefined) throw this.#failure;
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
  }

  /** The next message, which has to be of the given type. */
  async expect<K extends T["type"]>(type: K): Promise<Extract<T, { type: K }>> {
    const news = await this.next();
    if (news.type === type) return news as Extract<T, { type: K }>;
    const reason = "reason" in news ? `: ${news.reason}` : "";
    throw new Error(`expected ${type} of a worker, got ${news.type}${reason}`);
  }
}

export class PublisherThread {
  readonly #mailbox = new Mailbox<PublisherNews>("./publisher/worker.ts");

  async start(job: Omit<PublisherJob, "type">): Promise<void> {
    this.#send({ type: "start", ...job });
    await this.#mailbox.expect("publishing");
  }

  async silence(): Promise<PublisherTotals> {
    this.#send({ type: "silence" });
    return (await this.#mailbox.expect("silent")).totals;
  }

  async end(): Promise<void> {
    this.#send({ type: "end" });
    await this.#mailbox.expect("ended");
    this.#mailbox.worker.terminate();
  }

  terminate(): void {
    this.#mailbox.worker.terminate();
  }

  #send(order: PublisherOrder): void {
    this.#mailbox.worker.postMessage(order);
  }
}

export class ReaderThread {
  readonly #mailbox = new Mailbox<ReaderNews>("./readers/worker.ts");

  async start(job: ReaderJob): Promise<{ count: number; refusals: readonly string[] }> {
    this.#mailbox.worker.postMessage(job);
    return await this.#mailbox.expect("joined");
  }

  /** After the phase has become `stopping`; why readers were disconnected. */
  async end(): Promise<readonly string[]> {
    const { reasons } = await this.#mailbox.expect("closed");
    this.#mailbox.worker.terminate();
    return reasons;
  }

  terminate(): void {
    this.#mailbox.worker.terminate();
  }
}
