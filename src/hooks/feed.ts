/**
 * The event stream of the API: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * The last events are kept, so that a listener that comes back misses nothing.
 */
import type { EventType } from "../conf/mod.ts";
import { type EventBus, eventId, type EventRecord, importance } from "./events.ts";

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

/** Events of one importance, the oldest first. */
interface Kept {
  readonly records: EventRecord[];
  characters: number;
}

/** Keeps the last events. Where there are too many, those go of which there are most: each importance has its share. */
export class EventFeed {
  readonly #kept: readonly Kept[] = [0, 1, 2].map(() => ({ records: [], characters: 0 }));
  /** Number of the last event of a type that is not known any more. */
  readonly #forgotten = new Map<EventType, number>();
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
    const wanted = ({ type }: Pick<EventRecord, "type">) => types.size === 0 || types.has(type);
    const listener = new Listener(() => {
      unlisten();
      this.#listeners--;
    }, expiresAt);
    const missed = after === null ? null : this.#after(after, wanted);
    if (missed !== null) listener.begin(missed.lost, missed.records);
    const unlisten = this.bus.listen((record) => {
      if (wanted(record)) listener.push(record);
    });
    return listener;
  }

  close(): void {
    this.#unlisten();
    for (const { records } of this.#kept) records.length = 0;
  }

  #keep(record: EventRecord): void {
    const kept = this.#kept[importance[record.type]];
    kept.records.push(record);
    kept.characters += record.json.length;
    while (sumOf(this.#kept, count) > maxKeptEvents) this.#forget(count);
    while (sumOf(this.#kept, size) > maxKeptCharacters) this.#forget(size);
  }

  /** The oldest one of those that take most. */
  #forget(measure: (kept: Kept) => number): void {
    const most = this.#kept.reduce((a, b) => measure(b) > measure(a) ? b : a);
    const { type, number, json } = most.records.shift()!;
    most.characters -= json.length;
    this.#forgotten.set(type, number);
  }

  /** What has happened after the event with this id. `lost`: some of what is wanted is not known any more. */
  #after(id: string, wanted: (event: Pick<EventRecord, "type">) => boolean): {
    lost: boolean;
    records: EventRecord[];
  } {
    const [epoch, text] = [id.slice(0, id.lastIndexOf("-")), id.slice(id.lastIndexOf("-") + 1)];
    const isKnown = epoch === this.bus.epoch && /^\d{1,15}$/.test(text);
    const number = isKnown ? Number(text) : 0;
    const records = this.#kept.flatMap(({ records }) =>
      records.filter((record) => record.number > number && wanted(record))
    ).sort((a, b) => a.number - b.number);
    const lost = !isKnown ||
      [...this.#forgotten].some(([type, last]) => last > number && wanted({ type }));
    return { lost, records };
  }
}

function sumOf(all: readonly Kept[], measure: (kept: Kept) => number): number {
  return all.reduce((sum, kept) => sum + measure(kept), 0);
}

function count({ records }: Kept): number {
  return records.length;
}

function size({ characters }: Kept): number {
  return characters;
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
