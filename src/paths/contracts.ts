/** What protocol rooms may see of paths. The implementation is `manager.ts`; tests use it too, there is no fake. */
import type { PathConf } from "../conf/mod.ts";
import { UserError } from "../base/errors.ts";
import type { RtpMedia } from "../rtp/format.ts";
import type { Stream } from "../stream/stream.ts";

export type Protocol = "rtsp" | "rtmp" | "hls" | "webrtc" | "srt" | "moq";

export interface Credentials {
  readonly user: string;
  readonly pass: string;
  /** Bearer token or JWT, wherever the protocol carries it; empty when there is none. */
  readonly token: string;
  /**
   * Challenge-response protocols (RTSP Digest) never see the password: they check it against each stored plain
   * credential with this. When present, `pass` is empty.
   */
  readonly verify?: (storedUser: string, storedPass: string) => boolean;
}

export const noCredentials: Credentials = { user: "", pass: "", token: "" };

/** Who asks for what. */
export interface PathAccess {
  readonly name: string;
  /** Raw query of the URL without `?`. */
  readonly query: string;
  readonly protocol: Protocol;
  /** UUID of the session or connection that asks; null when it has none yet. */
  readonly id: string | null;
  readonly ip: string;
  readonly userAgent: string;
  readonly credentials: Credentials;
}

export type ReaderType =
  | "hlsSession"
  | "rtmpConn"
  | "rtmpsConn"
  | "rtspSession"
  | "rtspsSession"
  | "srtConn"
  | "webRTCSession"
  | "moqSession";

export type SourceType = Exclude<ReaderType, "hlsSession"> | "rtspSource" | "redirect";

/** A client that reads. The path calls `close` when its stream ends, with a reason for the log. */
export interface Reader {
  readonly type: ReaderType;
  readonly id: string;
  close(reason: string): void;
}

/** A client that publishes. The path calls `close` when it must give way. */
export interface Publisher {
  readonly type: SourceType;
  readonly id: string;
  close(reason: string): void;
}

/** A reader's place in a path. Counts towards `maxReaders` and keeps on-demand sources running until `leave`. */
export interface ReaderSeat {
  readonly pathName: string;
  readonly conf: PathConf;
  readonly stream: Stream;
  leave(): void;
}

export interface PublisherSeat {
  readonly pathName: string;
  readonly conf: PathConf;
  readonly stream: Stream;
  leave(): void;
}

export type Described =
  | { readonly kind: "stream"; readonly stream: Stream; readonly conf: PathConf }
  /** An absolute URL, or `/path` on this server. */
  | { readonly kind: "redirect"; readonly to: string };

/** Every method finds the path's configuration, then authenticates, then acts; see the errors below. */
export interface PathManager {
  /** May this client publish (or read) here? Gives the configuration that applies. */
  authorize(access: PathAccess, action: "publish" | "read"): Promise<PathConf>;
  /** For protocols that ask before they read. Starts an on-demand source and waits for it. */
  describe(access: PathAccess): Promise<Described>;
  /** Authenticates unless `authorized` (the same client was, a moment ago). */
  addReader(access: PathAccess, reader: Reader, authorized?: boolean): Promise<ReaderSeat>;
  /** `conf` is what `authorize` gave: when it has changed since, the call fails with `configuration has changed`. */
  addPublisher(
    access: PathAccess,
    publisher: Publisher,
    medias: readonly RtpMedia[],
    conf: PathConf,
  ): Promise<PublisherSeat>;
}

/** The path exists in the configuration, but carries no stream now. RTSP 404, HTTP 404. */
export class NoStreamError extends UserError {
  override readonly name = "NoStreamError";

  constructor(pathName: string) {
    super(`no stream is available on path '${pathName}'`);
  }
}

/** Refused. `challenge` says that no credentials were given: ask for them, without a log line and without delay. */
export class AuthError extends UserError {
  override readonly name = "AuthError";

  constructor(readonly reason: string, readonly challenge: boolean) {
    super(`failed to authenticate: ${reason}`);
  }
}
