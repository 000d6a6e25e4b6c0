/**
 * One live path. Who closes whom:
 *
 * - a publisher that leaves, or gives way to another: its readers, then the stream (the one that gives way is closed
 *   first);
 * - the end of a token: the client that has come with it, and no other (a publisher: see above);
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
import type { Hooks, PathHooks } from "../hooks/mod.ts";
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
import { Expiry } from "./expiry.ts";
import { HeldRequests } from "./held.ts";
import { OnDemand, type OnDemandSource } from "./on_demand.ts";
import type { CreateOnDemandSource, CreateSource, PathSource, SourceHost } from "./source_host.ts";
import type { SupervisedStatus } from "./supervisor.ts";

export type { CreateOnDemandSource, CreateSource, PathSource, SourceHost };

export interface LivePathOptions {
  readonly name: string;
  readonly conf: PathConf;
  readonly groups: readonly string[];
  /** Without the prefix of the path. */
  readonly logger: Logger;
  readonly hooks: Hooks;
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
  /** Since when the last stream is or was there, in milliseconds since 1970; null before the first one. */
  readonly lastOnlineTime: number | null;
  /** Those of the current stream. */
  readonly tracks: readonly Track[];
  /** Sorted by type, then id. */
  readonly readers: readonly { readonly type: ReaderType; readonly id: string }[];
  /** Of the current stream; zeros without one. */
  readonly stats: StreamStats;
}

/** For the log of a client that is closed. */
export const expiredText = "token has expired";

/** A reader's place, and how long it may stay. */
interface Seated {
  readonly seat: ReaderSeat;
  readonly expiry: Expiry;
  /** Null while it is not sent the stream. */
  stopPlaying: (() => void) | null;
}

/** A stream and who writes it. */
interface Attached {
  readonly publisher: Publisher;
  readonly expiry: Expiry;
  readonly stream: Stream;
  readonly since: number;
  /** In the order in which they are to be called. */
  readonly offline: () => void;
  readonly unavailable: () => void;
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
  readonly #hooks: PathHooks;
  readonly #source: PathSource | null;
  #onDemand: OnDemand | null;
  readonly #readers = new Map<Reader, Seated>();
  #attached: Attached | null = null;
  #lastOnlineTime: number | null = null;
  /** The place of the publisher is empty for a moment only: nobody must think that the path is unused. */
  #replacing = false;
  #closed = false;

  constructor(options: LivePathOptions) {
    this.name = options.name;
    this.#conf = options.conf;
    this.#options = options;
    this.#logger = options.logger.child(`[path ${options.name}]`);
    this.#held = new HeldRequests(options.name, () => this.settle());
    const { name, conf, groups, hooks } = options;
    this.#hooks = hooks.path({ name, conf, groups, logger: this.#logger });
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
    this.#updateOnDemand();
    this.#hooks.update(conf);
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

  /**
   * Answers at once or, when the stream has to be started first, later. A reader that is here keeps its seat. It must
   * go at `expiresAt` (milliseconds since 1970; null for never).
   */
  addReader(
    reader: Reader,
    query: string,
    signal?: AbortSignal,
    expiresAt: number | null = null,
  ): ReaderSeat | Promise<ReaderSeat> {
    this.#checkOpen();
    if (this.#attached !== null) return this.#seatReader(reader, query, expiresAt);
    if (this.#onDemand !== null) {
      return this.#hold(this.#onDemand, () => this.#seatReader(reader, query, expiresAt), query, signal);
    }
    throw new NoStreamError(this.name);
  }

  addPublisher(
    publisher: Publisher,
    medias: readonly RtpMedia[],
    query = "",
    expiresAt: number | null = null,
  ): PublisherSeat {
    this.#checkOpen();
    if (this.#conf.source !== "publisher") {
      throw new UserError(`can't publish to path '${this.name}' since 'source' is not 'publisher'`);
    }
    if (this.#attached !== null && !this.#conf.overridePublisher) throw this.#alreadyPublishing();
    return this.#attach(publisher, medias, query, expiresAt);
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
      lastOnlineTime: this.#lastOnlineTime,
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
      this.#hooks.close();
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

  #seatReader(reader: Reader, query: string, expiresAt: number | null): ReaderSeat {
    const seated = this.#readers.get(reader);
    if (seated !== undefined) {
      seated.expiry.extend(expiresAt);
      return seated.seat;
    }
    // While it waited for the stream.
    if (expiresAt !== null && expiresAt <= Date.now()) throw new UserError(expiredText);
    const { maxReaders } = this.#conf;
    if (maxReaders !== 0 && reader.type !== "hidden" && this.#visibleReaders().length >= maxReaders) {
      throw new UserError("maximum reader count reached");
    }
    const seat: ReaderSeat = {
      pathName: this.name,
      conf: this.#conf,
      stream: this.#current().stream,
      playing: () => {
        if (this.#readers.get(reader) !== place) return () => {};
        place.stopPlaying ??= this.#playing(reader, query);
        return () => stopPlaying(place);
      },
      leave: () => {
        if (this.#readers.get(reader) === place) this.#unseat(reader);
      },
    };
    const expiry = new Expiry(expiresAt, () => {
      this.#unseat(reader);
      this.#closeClient(reader, expiredText, true);
    });
    const place: Seated = { seat, expiry, stopPlaying: null };
    this.#readers.set(reader, place);
    this.#onDemand?.needed();
    return seat;
  }

  /** Parts of the server have no hooks. */
  #playing(reader: Reader, query: string): () => void {
    return reader.type === "hidden" ? () => {} : this.#hooks.reading(reader, query, reader.logger);
  }

  #unseat(reader: Reader): void {
    const place = this.#readers.get(reader);
    this.#readers.delete(reader);
    if (place !== undefined) {
      place.expiry.cancel();
      stopPlaying(place);
    }
    this.settle();
  }

  #attach(
    publisher: Publisher,
    medias: readonly RtpMedia[],
    query = "",
    expiresAt: number | null = null,
  ): PublisherSeat {
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
    this.#logger.info(`stream is available and online, ${tracksText(stream.tracks)}`);
    const unavailable = this.#hooks.available(publisher, query);
    const offline = this.#hooks.online(publisher, query);
    const expiry = new Expiry(expiresAt, () => this.#publisherLeft(expiredText));
    const attached: Attached = { publisher, expiry, stream, since: Date.now(), offline, unavailable };
    this.#attached = attached;
    this.#lastOnlineTime = attached.since;
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

  /** It is closed too unless `reason` is null. */
  #publisherLeft(reason: string | null = null): void {
    this.#detach(reason, "stream is closed");
    if (!isPublisherConf(this.#conf)) this.#onDemand?.stop("an error occurred");
    this.settle();
  }

  /** Ends the stream. The publisher is closed too unless its reason is null. */
  #detach(publisherReason: string | null, readerReason: string): void {
    const attached = this.#attached;
    if (attached === null) return;
    attached.expiry.cancel();
    for (const { expiry } of this.#readers.values()) expiry.cancel();
    const readers = [...this.#readers];
    this.#attached = null;
    this.#readers.clear();
    attached.offline();
    if (publisherReason !== null) this.#closeClient(attached.publisher, publisherReason);
    for (const [reader, place] of readers) {
      this.#closeClient(reader, readerReason);
      stopPlaying(place);
    }
    attached.unavailable();
    attached.stream.close();
  }

  /** One client's defect must not keep the others open. */
  #closeClient(client: Publisher | Reader, reason: string, isExpired = false): void {
    try {
      if (isExpired && "expire" in client && client.expire !== undefined) client.expire(reason);
      else client.close(reason);
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
    const source: OnDemandSource | null = byPublisher
      ? this.#options.createOnDemandSource(host) ?? this.#hooks.demand
      : own && {
        start: (query) => own.start(query),
        stop: (reason) => this.#stopSource(reason),
      };
    if (source === null) return null;
    return new OnDemand({
      source,
      startTimeoutMs: () =>
        this.#conf[byPublisher ? "runOnDemandStartTimeout" : "sourceOnDemandStartTimeout"],
      closeAfterMs: () => this.#conf[byPublisher ? "runOnDemandCloseAfter" : "sourceOnDemandCloseAfter"],
      timers: this.#scope,
      onTimeout: () => this.#held.failAll(new UserError(`source of path '${this.name}' has timed out`)),
      // A command ends its publisher itself; a client of ours leaves its seat to us.
      onUnneeded: () => byPublisher ? undefined : this.#detach(null, "stream is closed"),
      onStopped: () => this.settle(),
    });
  }

  /** The command of `runOnDemand` may come and go while the path lives. */
  #updateOnDemand(): void {
    if (!isPublisherConf(this.#conf)) return;
    if (this.#conf.runOnDemand !== "") this.#onDemand ??= this.#createOnDemand(this.#sourceHost());
    else if (this.#onDemand !== null) {
      this.#held.failAll(new NoStreamError(this.name));
      this.#onDemand.stop("not configured anymore");
      this.#onDemand = null;
    }
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

function stopPlaying(place: Seated): void {
  const stop = place.stopPlaying;
  place.stopPlaying = null;
  stop?.();
}

function isUrlSource(conf: PathConf): boolean {
  return !isPublisherConf(conf) && conf.source !== "redirect";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
