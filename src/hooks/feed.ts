/**
 * The event stream of the API: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * The last events are kept, so that a listener that comes back misses nothing.
 */
import type { EventType } from "../conf/mod.ts";
import { type EventBus, eventId, type EventRecord } from "./events.ts";

/** Kept for listeners that come back; in numbers, and in characters. */
export const maxKeptEvents = 2000;
const maxKeptCharacters = 4 * 1024 * 1024;
/** At a time. */
export const maxListeners = 64;
/** Events that wait for one listener, beside those that were kept when it came; with more it is dropped. */
export const maxWaitingEvents = 500;
/** So that proxies and clients see that the connection lives. */
const keepAliveMs = 15_000;

/** What a listener wants. */
export interface ListenRequest {
  /** Empty for all. */
  readonly types: ReadonlySet<EventType>;
  /** Id of the last event it has seen; null to begin with what happens next. */
  readonly after: string | null;
  /** Its answer ends then, at the next event or sign of life; in milliseconds since 1970, null for never. */
  readonly expiresAt: number | null;
}

/** Keeps the last events. */
export class EventFeed {
  readonly #kept: EventRecord[] = [];
  #characters = 0;
  #listeners = 0;
  readonly #unlisten: () => void;

  constructor(private readonly bus: EventBus) {
    this.#unlisten = bus.listen((record) => this.#keep(record));
  }

  /** For one server of the API, which closes them when it ends. */
  openListeners(): EventListeners {
    return new EventListeners(this);
  }

  /** Null when there are too many already. */
  listen({ types, after, expiresAt }: ListenRequest): Listener | null {
    if (this.#listeners >= maxListeners) return null;
    this.#listeners++;
    const wanted = ({ type }: EventRecord) => types.size === 0 || types.has(type);
    const listener = new Listener(() => {
      unlisten();
      this.#listeners--;
    }, expiresAt);
    const missed = after === null ? null : this.#after(after);
    if (missed !== null) listener.begin(missed.lost, missed.records.filter(wanted));
    const unlisten = this.bus.listen((record) => {
      if (wanted(record)) listener.push(record);
    });
    return listener;
  }

  close(): void {
    this.#unlisten();
    this.#kept.length = 0;
  }

  #keep(record: EventRecord): void {
    this.#kept.push(record);
    this.#characters += record.json.length;
    while (this.#kept.length > maxKeptEvents || this.#characters > maxKeptCharacters) {
      this.#characters -= this.#kept.shift()!.json.length;
    }
  }

  /** What has happened after the event with this id. `lost`: some of it is not known any more. */
  #after(id: string): { lost: boolean; records: EventRecord[] } {
    const [epoch, text] = [id.slice(0, id.lastIndexOf("-")), id.slice(id.lastIndexOf("-") + 1)];
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (epoch !== this.bus.epoch || Number.isNaN(number)) return { lost: true, records: [...this.#kept] };
    const records = this.#kept.filter((record) => record.number > number);
    return { lost: records.length > 0 && records[0].number > number + 1, records };
  }
}

/** Those of one server. */
export class EventListeners {
  readonly #open = new Set<Listener>();

  constructor(private readonly feed: EventFeed) {}

  /** The body of an answer, or null when there are too many listeners. It ends when the listener is too slow. */
  listen(request: ListenRequest): ReadableStream<Uint8Array> | null {
    const listener = this.feed.listen(request);
    if (listener === null) return null;
    this.#open.add(listener);
    listener.ended.then(() => this.#open.delete(listener));
    return listener.body;
  }

  /** Ends their answers. */
  close(): void {
    for (const listener of [...this.#open]) listener.end();
  }
}

/** One answer that goes on. */
class Listener {
  readonly body: ReadableStream<Uint8Array>;
  readonly ended: Promise<void>;
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  #count = 0;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** The client has taken everything and waits. */
  #pulled: (() => void) | null = null;
  #end: () => void;
  #over = false;

  constructor(onEnd: () => void, private readonly expiresAt: number | null) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    const timer = setInterval(() => this.#live() && this.#send(": \n\n"), keepAliveMs);
    this.#end = () => {
      clearInterval(timer);
      onEnd();
      resolve();
    };
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => this.end(),
    }, { highWaterMark: 0 });
    // Clients are told at once that they are connected.
    this.#waiting.push(": \n\n");
  }

  /** What has happened before it came. */
  begin(lost: boolean, records: readonly EventRecord[]): void {
    if (lost) this.#waiting.push("event: eventsLost\ndata: {}\n\n");
    for (const record of records) this.#waiting.push(serialize(record));
  }

  push(record: EventRecord): void {
    if (!this.#live()) return;
    if (++this.#count > maxWaitingEvents) return this.end();
    this.#send(serialize(record));
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#pulled?.();
    this.#end();
    try {
      this.#controller?.close();
    } catch {
      // The client has gone.
    }
  }

  /** False when it has ended. */
  #live(): boolean {
    if (this.expiresAt !== null && this.expiresAt <= Date.now()) this.end();
    return !this.#over;
  }

  #send(text: string): void {
    // Behind a listener that takes nothing, a sign of life has no use.
    if (this.#over || (text.startsWith(":") && this.#waiting.length > 0)) return;
    this.#waiting.push(text);
    this.#pulled?.();
  }

  async #pull(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => this.#pulled = resolve);
      this.#pulled = null;
    }
    if (this.#over) return;
    const text = this.#waiting.splice(0).join("");
    this.#count = 0;
    this.#controller!.enqueue(this.#encoder.encode(text));
  }
}

function serialize(record: EventRecord): string {
  return `id: ${eventId(record)}\nevent: ${record.type}\ndata: ${record.json}\n\n`;
}
