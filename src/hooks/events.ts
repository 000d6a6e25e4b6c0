/** What happens in the server, told to whoever listens: webhooks and the event stream of the API. */
import type { Logger } from "../base/logger.ts";
import { errorText } from "../base/errors.ts";
import type { EventType } from "../conf/mod.ts";

/** As the API names clients and sources. */
export interface Party {
  readonly type: string;
  /** UUID; empty for sources of the server's own. */
  readonly id: string;
}

/** Of a connection over RTSP, RTMP or SRT. */
export interface ConnectionData {
  readonly connection: Party;
  /** `ip:port`. */
  readonly remoteAddr: string;
}

/** Of a live path; `confName` is its entry in the configuration. */
export interface PathData {
  readonly path: string;
  readonly confName: string;
}

/** Of somebody who asks for a path that has no stream yet. */
export interface DemandData extends PathData {
  /** Of the request; without `?`. */
  readonly query: string;
}

/** Of a stream; `source` is null when it comes from the server itself. */
export interface StreamData extends PathData {
  /** Of the publisher. */
  readonly query: string;
  readonly source: Party | null;
}

/** Of a client that reads. */
export interface ReaderData extends PathData {
  /** Of the reader. */
  readonly query: string;
  readonly reader: Party;
}

/** Of a file that is recorded. */
export interface SegmentData extends PathData {
  /** As `recordPath` makes it. */
  readonly segmentPath: string;
}

/** Of a client that was refused with credentials. */
export interface RefusalData {
  readonly action: string;
  readonly path: string;
  readonly protocol: string;
  readonly ip: string;
  /** As the client has given it. */
  readonly user: string;
  readonly reason: string;
  /** Refusals since the last one that was told. */
  readonly untold: number;
}

/** What is told with each type. */
export interface EventData {
  readonly authenticationFailed: RefusalData;
  readonly configurationReloaded: Readonly<Record<string, never>>;
  readonly connectionOpened: ConnectionData;
  readonly connectionClosed: ConnectionData;
  readonly pathCreated: PathData;
  readonly pathRemoved: PathData;
  readonly pathDemanded: DemandData;
  readonly pathUndemanded: DemandData & { readonly reason: string };
  readonly pathAvailable: StreamData;
  readonly pathUnavailable: StreamData;
  readonly pathOnline: StreamData;
  readonly pathOffline: StreamData;
  readonly readerStarted: ReaderData;
  readonly readerStopped: ReaderData;
  readonly segmentCreated: SegmentData;
  /** In seconds. */
  readonly segmentCompleted: SegmentData & { readonly duration: number };
}

/** One thing that has happened. */
export type ServerEvent = {
  readonly [Type in EventType]: { readonly type: Type; readonly data: EventData[Type] };
}[EventType];

/** The same with its place in time, and in the form that goes out. */
export interface EventRecord {
  /** Grows by one with each event; `epoch` tells runs of the server apart. */
  readonly epoch: string;
  readonly number: number;
  readonly type: EventType;
  /** `{"id","type","time","data"}` */
  readonly json: string;
}

/**
 * Who may cause it: anybody who connects (0), clients that may read (1), or those that publish and the server itself (2).
 * Where there is not room for all events, many of one kind do not displace those of a higher one.
 */
export const importance: Readonly<Record<EventType, 0 | 1 | 2>> = {
  authenticationFailed: 0,
  connectionOpened: 0,
  connectionClosed: 0,
  readerStarted: 1,
  readerStopped: 1,
  pathDemanded: 1,
  pathUndemanded: 1,
  configurationReloaded: 2,
  pathCreated: 2,
  pathRemoved: 2,
  pathAvailable: 2,
  pathUnavailable: 2,
  pathOnline: 2,
  pathOffline: 2,
  segmentCreated: 2,
  segmentCompleted: 2,
};

/** `epoch-number` */
export function eventId({ epoch, number }: Pick<EventRecord, "epoch" | "number">): string {
  return `${epoch}-${number}`;
}

/** Longest text inside of an event, in characters: queries and names of users come from clients. */
export const maxEventText = 2048;

/** Hands events to their listeners, at once and in order. */
export class EventBus {
  readonly epoch: string;
  readonly #listeners = new Set<(record: EventRecord) => void>();
  #number = 0;

  constructor(private readonly logger: Logger, private readonly now: () => number = Date.now) {
    this.epoch = now().toString(36);
  }

  /** Never throws. */
  emit(event: ServerEvent): void {
    const { epoch } = this;
    const number = ++this.#number;
    const json = JSON.stringify(
      {
        id: eventId({ epoch, number }),
        type: event.type,
        time: new Date(this.now()).toISOString(),
        data: event.data,
      },
      (_, value) =>
        typeof value === "string" && value.length > maxEventText ? `${value.slice(0, maxEventText)}…` : value,
    );
    const record: EventRecord = { epoch, number, type: event.type, json };
    for (const listener of [...this.#listeners]) {
      try {
        listener(record);
      } catch (error) {
        this.logger.error(`an event was not taken: ${errorText(error)}`);
      }
    }
  }

  /** The listener only takes note: it is called in the middle of something else. The returned function ends it. */
  listen(listener: (record: EventRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
