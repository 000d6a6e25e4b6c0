/**
 * One live path. Who closes whom:
 *
 * - a publisher that leaves, or gives way to another: its readers, then the stream (the one that gives way is closed
 *   first);
 * - a reader that leaves: nobody, but an on-demand source is stopped some time after the last one;
 * - the path: the requests that wait, the publisher, the readers, the stream, the on-demand source;
 * - the path manager: the path, when its configuration goes away, and when nobody uses a path that exists only on
 *   demand (`onUnused`).
 *
 * Everything happens synchronously. Before a client is closed its place is given up, so that it may call `leave`, or
 * anything else, from inside `close`.
 */
import { errorText, UserError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { Scope } from "../base/scope.ts";
import type { Conf, PathConf } from "../conf/mod.ts";
import type { RtpMedia } from "../rtp/format.ts";
import { Stream, type StreamStats } from "../stream/stream.ts";
import { type Track, tracksText } from "../stream/track.ts";
import {
  type Described,
  NoStreamError,
  type Publisher,
  type PublisherSeat,
  type Reader,
  type ReaderSeat,
  type ReaderType,
  type SourceType,
} from "./contracts.ts";
import { HeldRequests } from "./held.ts";
import { OnDemand, type OnDemandSource } from "./on_demand.ts";
import type { SupervisedStatus } from "./supervisor.ts";

/** Makes what starts a publisher on demand (`runOnDemand`), or null when there is none for this configuration. */
export type CreateOnDemandSource = (path: SourceHost) => OnDemandSource | null;

/** A client of ours that pulls the stream of a path, all the time or on demand. */
export interface PathSource extends OnDemandSource {
  /** What it is to the API. */
  readonly type: SourceType;
  /** For the API. */
  readonly status: SupervisedStatus;
  /** Settles when everything is released; never rejects. */
  stop(reason: string): Promise<void>;
}

/** Makes the source of a path whose `source` is a URL, or null when there is none for this configuration. */
export type CreateSource = (path: SourceHost) => PathSource | null;

/** What a source of the server's own may see of its path. */
export interface SourceHost {
  /** Name of the path. */
  readonly name: string;
  /** The configuration when the path was made. */
  readonly conf: PathConf;
  /** Groups of the regular expression that has matched the name. */
  readonly groups: readonly string[];
  /** Puts the name of the path in front. */
  readonly logger: Logger;
  /** Settles when the path of this name that was here before has released everything, such as its ports. */
  readonly predecessor: Promise<void>;
  /** The whole configuration, as it is now. */
  globalConf(): Conf;
  /** The stream is there. Its end is told by `leave` of the seat. */
  attach(source: Publisher, medias: readonly RtpMedia[]): PublisherSeat;
}

export interface LivePathOptions {
  readonly name: string;
  readonly conf: PathConf;
  readonly groups: readonly string[];
  /** Without the prefix of the path. */
  readonly logger: Logger;
  /** In bytes. */
  readonly maxRtpPayload: () => number;
  readonly createOnDemandSource: CreateOnDemandSource;
  readonly createSource: CreateSource;
  /** See `SourceHost`. */
  readonly predecessor: Promise<void>;
  readonly globalConf: () => Conf;
  /** Nothing is attached and nothing waits: a path that exists only on demand may go. */
  onUnused(): void;
  /** There is a stream now. */
  onStream(): void;
}

/** What the API and the metrics tell of a path. */
export interface PathSnapshot {
  /** Name of the path. */
  readonly name: string;
  /** Name of the entry of the configuration. */
  readonly confName: string;
  /** What the stream comes from, or null. Id is empty for `redirect` and sources of our own, which are there when idle too. */
  readonly source: { readonly type: SourceType; readonly id: string } | null;
  /** Of a source of our own; null without one. */
  readonly sourceStatus: SupervisedStatus | null;
  /** Since when the stream is there, in milliseconds since 1970. */
  readonly availableTime: number | null;
  /** Those of the current stream. */
  readonly tracks: readonly Track[];
  /** Sorted by type, then id. */
  readonly readers: readonly { readonly type: ReaderType; readonly id: string }[];
  /** Of the current stream; zeros without one. */
  readonly stats: StreamStats;
}

/** A stream and who writes it. */
interface Attached {
  readonly publisher: Publisher;
  readonly stream: Stream;
  readonly since: number;
}

const noStats: StreamStats = {
  inboundBytes: 0,
  inboundFrames: 0,
  inboundFramesInError: 0,
  outboundBytes: 0,
  outboundFrames: 0,
};

export class LivePath {
  readonly name: string;
  #conf: PathConf;
  readonly #options: LivePathOptions;
  readonly #logger: Logger;
  readonly #scope = new Scope();
  readonly #held: HeldRequests;
  readonly #source: PathSource | null;
  readonly #onDemand: OnDemand | null;
  readonly #readers = new Map<Reader, ReaderSeat>();
  #attached: Attached | null = null;
  /** The place of the publisher is empty for a moment only: nobody must think that the path is unused. */
  #replacing = false;
  #closed = false;

  constructor(options: LivePathOptions) {
    this.name = options.name;
    this.#conf = options.conf;
    this.#options = options;
    this.#logger = options.logger.child(`[path ${options.name}]`);
    this.#held = new HeldRequests(options.name, () => this.settle());
    const host = this.#sourceHost();
    this.#source = isUrlSource(this.#conf) ? options.createSource(host) : null;
    this.#onDemand = this.#createOnDemand(host);
    this.#logger.debug("created");
    if (!this.#conf.sourceOnDemand) this.#source?.start("");
  }

  get conf(): PathConf {
    return this.#conf;
  }

  /** See `SourceHost`. */
  get groups(): readonly string[] {
    return this.#options.groups;
  }

  /** Takes over a configuration that differs in hot keys only. */
  updateConf(conf: PathConf): void {
    this.#conf = conf;
    this.settle();
  }

  /** Answers at once or, when the stream has to be started first, later. */
  describe(query: string, signal?: AbortSignal): Described | Promise<Described> {
    this.#checkOpen();
    if (this.#conf.source === "redirect") return { kind: "redirect", to: this.#conf.sourceRedirect };
    if (this.#attached !== null) return this.#described(this.#attached);
    if (this.#onDemand !== null) {
      return this.#hold(this.#onDemand, () => this.#described(this.#current()), query, signal);
    }
    if (this.#conf.fallback !== undefined && this.#conf.fallback !== "") {
      return { kind: "redirect", to: this.#conf.fallback };
    }
    throw new NoStreamError(this.name);
  }

  /** Answers at once or, when the stream has to be started first, later. A reader that is here keeps its seat. */
  addReader(reader: Reader, query: string, signal?: AbortSignal): ReaderSeat | Promise<ReaderSeat> {
    this.#checkOpen();
    if (this.#attached !== null) return this.#seatReader(reader);
    if (this.#onDemand !== null) {
      return this.#hold(this.#onDemand, () => this.#seatReader(reader), query, signal);
    }
    throw new NoStreamError(this.name);
  }

  addPublisher(publisher: Publisher, medias: readonly RtpMedia[]): PublisherSeat {
    this.#checkOpen();
    if (this.#conf.source !== "publisher") {
      throw new UserError(`can't publish to path '${this.name}' since 'source' is not 'publisher'`);
    }
    if (this.#attached !== null && !this.#conf.overridePublisher) throw this.#alreadyPublishing();
    return this.#attach(publisher, medias);
  }

  snapshot(): PathSnapshot {
    const attached = this.#attached;
    const readers = this.#visibleReaders().map(({ type, id }) => ({ type, id }));
    readers.sort((a, b) => compare(a.type, b.type) || compare(a.id, b.id));
    return {
      name: this.name,
      confName: this.#conf.name,
      source: this.#describeSource(),
      sourceStatus: this.#source?.status ?? null,
      availableTime: attached?.since ?? null,
      tracks: attached?.stream.tracks ?? [],
      readers,
      stats: attached?.stream.stats ?? noStats,
    };
  }

  /** Ends everything at once; the promise waits until the source has released everything. */
  close(reason: string): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#held.failAll(new UserError(reason));
      this.#detach(reason, reason);
      if (this.#onDemand !== null) {
        this.#onDemand.stop(isPublisherConf(this.#conf) ? "path destroyed" : "path is closing");
      } else this.#stopSource("path is closing");
      this.#logger.debug(`destroyed: ${reason}`);
    }
    return this.#scope.close();
  }

  /** Draws the conclusions after somebody has left or was refused. */
  settle(): void {
    if (this.#closed || this.#replacing || this.#readers.size > 0 || this.#held.size > 0) return;
    this.#onDemand?.unneeded();
    if (this.#attached === null && (this.#onDemand?.idle ?? true)) this.#options.onUnused();
  }

  #checkOpen(): void {
    if (this.#closed) throw new UserError("terminated");
  }

  #current(): Attached {
    if (this.#attached === null) throw new NoStreamError(this.name);
    return this.#attached;
  }

  #described(attached: Attached): Described {
    return { kind: "stream", stream: attached.stream, conf: this.#conf };
  }

  #hold<T>(onDemand: OnDemand, answer: () => T, query: string, signal?: AbortSignal): Promise<T> {
    const before = this.#held.size;
    const held = this.#held.hold(answer, signal);
    if (this.#held.size > before) onDemand.want(query);
    return held;
  }

  /** Without parts of the server. */
  #visibleReaders(): Reader[] {
    return [...this.#readers.keys()].filter(({ type }) => type !== "hidden");
  }

  #seatReader(reader: Reader): ReaderSeat {
    const seated = this.#readers.get(reader);
    if (seated !== undefined) return seated;
    const { maxReaders } = this.#conf;
    if (maxReaders !== 0 && reader.type !== "hidden" && this.#visibleReaders().length >= maxReaders) {
      throw new UserError("maximum reader count reached");
    }
    const seat: ReaderSeat = {
      pathName: this.name,
      conf: this.#conf,
      stream: this.#current().stream,
      leave: () => {
        if (this.#readers.get(reader) !== seat) return;
        this.#readers.delete(reader);
        this.settle();
      },
    };
    this.#readers.set(reader, seat);
    this.#onDemand?.needed();
    return seat;
  }

  #attach(publisher: Publisher, medias: readonly RtpMedia[]): PublisherSeat {
    const stream = new Stream({
      medias,
      logger: this.#logger,
      // With "auto" it depends on the protocol of each reader.
      gopCache: this.#conf.gopCache !== "no",
      maxRtpPayload: this.#options.maxRtpPayload(),
    });
    if (this.#attached !== null) {
      this.#logger.info("closing existing publisher");
      this.#replacing = true;
      this.#detach("replaced by another publisher", "publisher has been replaced");
      this.#replacing = false;
      // A client may have done anything from inside its `close`.
      this.#checkOpen();
      if (this.#attached !== null) throw this.#alreadyPublishing();
    }
    const attached: Attached = { publisher, stream, since: Date.now() };
    this.#attached = attached;
    this.#logger.info(`stream is available and online, ${tracksText(stream.tracks)}`);
    this.#onDemand?.arrived();
    this.#held.grantAll();
    this.#options.onStream();
    return {
      pathName: this.name,
      conf: this.#conf,
      stream,
      leave: () => {
        if (this.#attached === attached) this.#publisherLeft();
      },
    };
  }

  #publisherLeft(): void {
    this.#detach(null, "stream is closed");
    if (!isPublisherConf(this.#conf)) this.#onDemand?.stop("an error occurred");
    this.settle();
  }

  /** Ends the stream. The publisher is closed too unless its reason is null. */
  #detach(publisherReason: string | null, readerReason: string): void {
    const attached = this.#attached;
    if (attached === null) return;
    const readers = [...this.#readers.keys()];
    this.#attached = null;
    this.#readers.clear();
    if (publisherReason !== null) this.#closeClient(attached.publisher, publisherReason);
    for (const reader of readers) this.#closeClient(reader, readerReason);
    attached.stream.close();
  }

  /** One client's defect must not keep the others open. */
  #closeClient(client: Publisher | Reader, reason: string): void {
    try {
      client.close(reason);
    } catch (error) {
      this.#logger.error(`closing ${client.type} ${client.id} failed: ${errorText(error)}`);
    }
  }

  #alreadyPublishing(): UserError {
    return new UserError(`someone is already publishing to path '${this.name}'`);
  }

  #sourceHost(): SourceHost {
    const { groups, predecessor, globalConf } = this.#options;
    return {
      name: this.name,
      conf: this.#conf,
      groups,
      logger: this.#logger,
      predecessor,
      globalConf,
      attach: (publisher, medias) => {
        this.#checkOpen();
        return this.#attach(publisher, medias);
      },
    };
  }

  #stopSource(reason: string): void {
    const stopped = this.#source?.stop(reason);
    if (stopped !== undefined) {
      this.#scope.run(() => stopped, (error) => this.#logger.error(errorText(error)));
    }
  }

  #createOnDemand(host: SourceHost): OnDemand | null {
    const conf = this.#conf;
    const byPublisher = isPublisherConf(conf);
    if (byPublisher ? conf.runOnDemand === "" : !conf.sourceOnDemand) return null;
    const own = this.#source;
    const source: OnDemandSource | null = byPublisher ? this.#options.createOnDemandSource(host) : own && {
      start: (query) => own.start(query),
      stop: (reason) => this.#stopSource(reason),
    };
    if (source === null) return null;
    return new OnDemand({
      source,
      startTimeoutMs: byPublisher ? conf.runOnDemandStartTimeout : conf.sourceOnDemandStartTimeout,
      closeAfterMs: byPublisher ? conf.runOnDemandCloseAfter : conf.sourceOnDemandCloseAfter,
      timers: this.#scope,
      onTimeout: () => this.#held.failAll(new UserError(`source of path '${this.name}' has timed out`)),
      // A command ends its publisher itself; a client of ours leaves its seat to us.
      onUnneeded: () => byPublisher ? undefined : this.#detach(null, "stream is closed"),
      onStopped: () => this.settle(),
    });
  }

  #describeSource(): PathSnapshot["source"] {
    if (this.#conf.source === "redirect") return { type: "redirect", id: "" };
    if (this.#source !== null) return { type: this.#source.type, id: "" };
    if (this.#attached === null) return null;
    const { type, id } = this.#attached.publisher;
    return { type, id };
  }
}

function isPublisherConf(conf: PathConf): boolean {
  return conf.source === "publisher";
}

function isUrlSource(conf: PathConf): boolean {
  return !isPublisherConf(conf) && conf.source !== "redirect";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
