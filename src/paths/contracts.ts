/** What protocol rooms may see of paths. The implementation is `manager.ts`; tests use it too, there is no fake. */
import type { AuthGrant, Credentials, Protocol } from "../auth/mod.ts";
import { UserError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { PathConf } from "../conf/mod.ts";
import type { ConnectionInfo } from "../hooks/mod.ts";
import type { RtpMedia } from "../rtp/format.ts";
import type { Stream } from "../stream/stream.ts";

export { AuthError, type AuthGrant, type Credentials, noCredentials, type Protocol } from "../auth/mod.ts";

export type { Pull, SourceKind } from "./static_source.ts";

/** Who asks for what. */
export interface PathAccess {
  /** Name of the path, as the client has written it. */
  readonly name: string;
  /** Raw query of the URL without `?`. */
  readonly query: string;
  /** How the client has come. */
  readonly protocol: Protocol;
  /** UUID of the session or connection that asks; null when it has none yet. */
  readonly id: string | null;
  /** Address of the client, after proxies that are trusted. */
  readonly ip: string;
  /** As the client calls itself; may be empty. */
  readonly userAgent: string;
  /** What it has given to prove who it is. */
  readonly credentials: Credentials;
  /**
   * What `grantOf` gave for this client a moment ago, for those who ask with one access and act with another. Its end
   * is then the end of the seat.
   */
  readonly grant?: AuthGrant;
  /** Aborted when the client goes away: a request that is waiting for an on-demand source then ends. */
  readonly signal?: AbortSignal;
}

/** As the API calls readers; it does not show those that are `hidden`: parts of the server. */
export type ReaderType =
  | "hidden"
  | "hlsSession"
  | "rtmpConn"
  | "rtmpsConn"
  | "rtspSession"
  | "rtspsSession"
  | "srtConn"
  | "webRTCSession"
  | "moqSession";

/** As the API calls what a stream comes from. */
export type SourceType =
  | Exclude<ReaderType, "hidden" | "hlsSession">
  | "hlsSource"
  | "moqSource"
  | "mpegtsSource"
  | "redirect"
  | "rtmpSource"
  | "rtpSource"
  | "rtspSource"
  | "srtSource"
  | "webRTCSource";

/**
 * A client that reads. The path calls `close` once, when its stream ends, with a reason for the log. The seat is
 * already given up then; calling its `leave` from inside `close` does nothing. When the stream ends in the same moment
 * in which the seat is given, `close` comes before the promise of `addReader` is awaited.
 */
export interface Reader {
  /** What it is to the API. */
  readonly type: ReaderType;
  /** UUID. */
  readonly id: string;
  /** For lines about it, those of its commands; without one they go to the path's. */
  readonly logger?: Logger;
  /** `reason` is for the log. Must not throw. */
  close(reason: string): void;
  /**
   * Called instead of `close` when this client must go while the stream stays, since its token has expired. Only for
   * readers whose `close` ends others, too.
   */
  expire?(reason: string): void;
}

/** A client that publishes. The path calls `close` when it must give way; see `Reader` about `leave`. */
export interface Publisher {
  /** What it is to the API. */
  readonly type: SourceType;
  /** UUID; empty for sources of our own. */
  readonly id: string;
  /** `reason` is for the log. Must not throw. */
  close(reason: string): void;
}

/**
 * A reader's place in a path. Counts towards `maxReaders`, unless it is hidden, and keeps on-demand sources running until
 * `leave`, which may be called any number of times. Who asked and went away meanwhile must leave the seat that comes.
 */
export interface ReaderSeat {
  /** Name of the path. */
  readonly pathName: string;
  /** The configuration when the seat was given. */
  readonly conf: PathConf;
  /** What to read from. */
  readonly stream: Stream;
  /**
   * Says that the reader is sent the stream from now on, for hooks. The returned function says that it pauses; `leave`
   * and the end of the stream do so, too.
   */
  playing(): () => void;
  /** Gives the seat up. */
  leave(): void;
}

/** `leave` ends the stream and closes its readers. */
export interface PublisherSeat {
  /** Name of the path. */
  readonly pathName: string;
  /** The configuration when the seat was given. */
  readonly conf: PathConf;
  /** What to write to. */
  readonly stream: Stream;
  /** Gives the seat up. */
  leave(): void;
}

/** The answer to a describe. */
export type Described =
  | { readonly kind: "stream"; readonly stream: Stream; readonly conf: PathConf }
  /** An absolute URL, or `/path` on this server. */
  | { readonly kind: "redirect"; readonly to: string };

/**
 * Every method finds the path's configuration, then authenticates, then acts. Errors: `UserError` (not configured,
 * limits, conflicts), `AuthError`, `NoStreamError`.
 */
export interface PathManager {
  /** May this client publish (or read) here? Gives the configuration that applies. */
  authorize(access: PathAccess, action: "publish" | "read"): Promise<PathConf>;
  /** For protocols that ask before they read. Starts an on-demand source and waits for it. */
  describe(access: PathAccess): Promise<Described>;
  /**
   * Authenticates unless `authorized` (the same client was, a moment ago, with the same access or with its `grant`).
   * Called again for a reader that is here, it gives the same seat, which then lasts as long as the later token.
   */
  addReader(access: PathAccess, reader: Reader, authorized?: boolean): Promise<ReaderSeat>;
  /**
   * Does not authenticate: `conf` is what `authorize` gave for the same client and access (or see `PathAccess.grant`).
   * When it has changed since, the call fails with `configuration has changed`.
   */
  addPublisher(
    access: PathAccess,
    publisher: Publisher,
    medias: readonly RtpMedia[],
    conf: PathConf,
  ): Promise<PublisherSeat>;
  /**
   * What the last authentication of this very access (not a copy) has given. Without one, the user is the one that
   * the client claims to be.
   */
  grantOf(access: PathAccess): AuthGrant;
  /**
   * Calls `watcher` with the name and configuration of each path that carries a stream now or begins to, until the
   * returned function is called. It must not throw.
   */
  watchStreams(watcher: StreamWatcher): () => void;
  /** Says that a client has connected, for hooks. The returned function says that it has gone. */
  connected(conn: ConnectionInfo): () => void;
}

/** Told that a stream is there. Its end is told to its readers. */
export type StreamWatcher = (pathName: string, conf: PathConf) => void;

/** The path exists in the configuration, but carries no stream now. RTSP 404, HTTP 404. */
export class NoStreamError extends UserError {
  /** Tells it from other errors. */
  override readonly name = "NoStreamError";

  /** For the path of that name. */
  constructor(pathName: string) {
    super(`no stream is available on path '${pathName}'`);
  }
}
