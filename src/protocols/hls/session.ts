import type { Logger } from "../../base/logger.ts";
import { addressText, type NetAddress } from "../../net/address.ts";
import type { Reader, ReaderSeat } from "../../paths/mod.ts";
import type { HlsContext } from "./context.ts";
import type { PathMuxer } from "./muxer.ts";

/** A session without requests for this long has ended: players ask every few seconds. */
export const sessionTimeoutMs = 30_000;

/** What the API and the metrics tell of a session. */
export interface HlsSessionSnapshot {
  /** UUID. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** `ip:port` of the request that has created it. */
  readonly remoteAddr: string;
  /** Name of the path. */
  readonly path: string;
  /** Of the request that has created it. */
  readonly query: string;
  /** Empty when nobody asked for a name. */
  readonly user: string;
  /** As the client calls itself. */
  readonly userAgent: string;
  /** It stands for all clients of a content delivery network. */
  readonly isCDN: boolean;
  /** Bodies of answers. */
  readonly outboundBytes: number;
}

/** Who watches; of a content delivery network, all at once. */
export interface SessionOwner {
  readonly path: string;
  readonly client: NetAddress;
  readonly query: string;
  readonly user: string;
  readonly userAgent: string;
  readonly isCdn: boolean;
}

/**
 * One player: a reader of the path as long as it asks for something. It ends with its muxer, after a while without
 * requests, and when it is kicked.
 */
export class HlsSession implements Reader {
  readonly type = "hlsSession";
  readonly id: string = crypto.randomUUID();
  readonly created: number = Date.now();
  /** Names it in cookies and URLs. */
  readonly token: string;
  lastRequestAt: number = Date.now();
  #outboundBytes = 0;
  #seat: ReaderSeat | null = null;
  #muxer: PathMuxer | null = null;
  #ended = false;
  readonly logger: Logger;

  constructor(private readonly context: HlsContext, readonly owner: SessionOwner) {
    this.token = context.tokens.issue(owner.path);
    this.logger = context.logger.child(`[session ${this.id.slice(0, 8)}]`);
    this.logger.info(`created by ${addressText(owner.client)}${owner.isCdn ? " (CDN)" : ""}`);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Null before `join` and after the end. */
  get muxer(): PathMuxer | null {
    return this.#muxer;
  }

  /** Takes its seat in the path. It may have ended before it was given. */
  sit(seat: ReaderSeat): void {
    if (this.#ended) seat.leave();
    else this.#seat = seat;
  }

  join(muxer: PathMuxer): void {
    if (this.#ended) return;
    this.#muxer = muxer;
    this.context.sessions.set(this.token, this);
    muxer.sessions.add(this);
    this.#seat?.playing();
    this.logger.info(`is reading from muxer '${this.owner.path}'`);
  }

  /** A request has come, or has been answered. */
  used(now: number): void {
    this.lastRequestAt = now;
  }

  sent(bytes: number): void {
    this.#outboundBytes += bytes;
  }

  /** The path's stream has ended; then the muxer ends, too, and takes all its sessions along. */
  close(reason: string): void {
    if (this.#muxer === null) this.end(reason);
    else this.#muxer.close(reason);
  }

  /** Of this player's token; the others go on. */
  expire(reason: string): void {
    this.end(reason);
  }

  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.context.sessions.delete(this.token);
    this.#muxer?.sessions.delete(this);
    this.#muxer = null;
    this.#seat?.leave();
    this.logger.info(`closed: ${reason}`);
  }

  check(now: number): void {
    if (now - this.lastRequestAt >= sessionTimeoutMs) this.end("inactive");
  }

  snapshot(): HlsSessionSnapshot {
    const { path, client, query, user, userAgent, isCdn } = this.owner;
    return {
      id: this.id,
      created: this.created,
      remoteAddr: addressText(client),
      path,
      query,
      user,
      userAgent,
      isCDN: isCdn,
      outboundBytes: this.#outboundBytes,
    };
  }
}
