/**
 * The muxer of one path, with its clients. Who closes whom: the path closes the muxer when the stream ends; the muxer ends
 * its sessions, wakes the requests that are held, and gives its own place in the path up.
 */
import { errorText, UserError } from "../../base/errors.ts";
import { hasPassed } from "../../base/time.ts";
import type { Logger } from "../../base/logger.ts";
import { addressText, type NetAddress } from "../../net/address.ts";
import { noCredentials, type Reader, type ReaderSeat } from "../../paths/mod.ts";
import { maxRandomAccessWaitMs } from "../../stream/random_access_wait.ts";
import { tracksText } from "../../stream/track.ts";
import type { Unit } from "../../stream/unit.ts";
import type { HlsContext } from "./context.ts";
import { HlsDirectory } from "./directory.ts";
import { Muxer } from "./engine/mod.ts";
import { HlsFanout, type UnitTarget } from "./fanout.ts";
import { mpegtsWriter } from "./mpegts_writer.ts";
import type { HlsSession } from "./session.ts";
import { Waiters } from "./waiters.ts";

/** After a crash, before a muxer that runs always begins anew. */
const restartMs = 10_000;
/** Requests check at least this often whether they are still wanted. */
const minCloseAfterMs = 1000;

/** What the API and the metrics tell of a muxer. */
export interface HlsMuxerSnapshot {
  /** Name of the path. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Milliseconds since 1970. */
  readonly lastRequest: number;
  /** Bodies of answers, of all sessions. */
  readonly outboundBytes: number;
  /** There is no queue that could overflow: always 0. */
  readonly outboundFramesDiscarded: number;
}

/** A held request ended without an answer of the muxer. */
export type HoldEnd = { readonly kind: "late" } | { readonly kind: "gone" } | { readonly kind: "closed" };

export class PathMuxer implements Reader, UnitTarget {
  /** Counts as a reader, so that on-demand sources stay, but nobody sees it. */
  readonly type = "hidden";
  readonly id: string = crypto.randomUUID();
  readonly created: number = Date.now();
  readonly sessions = new Set<HlsSession>();
  /** The one of content delivery networks. */
  cdnSession: HlsSession | null = null;
  /** Settles when the muxer has begun; rejects when it cannot. */
  readonly ready: Promise<void>;
  #lastRequest: number = Date.now();
  #outboundBytes = 0;
  #seat: ReaderSeat | null = null;
  #fanout: HlsFanout | null = null;
  #engine: Muxer | null = null;
  #version = 0;
  /** Since when a first segment is waited for; null when there is one, or when it has been told. */
  #beginsSince: number | null = null;
  #directory: HlsDirectory | null = null;
  #restartAt = Infinity;
  #closed = false;
  readonly #waiters = new Waiters();
  readonly #logger: Logger;

  constructor(
    private readonly context: HlsContext,
    readonly path: string,
    /** Null: it runs as long as there is a stream. */
    private readonly requestedBy: { readonly client: NetAddress; readonly query: string } | null,
    /** Follows what goes on after the end: files that are removed. */
    private readonly follow: (task: Promise<void>) => void,
  ) {
    this.#logger = context.logger.child(`[muxer ${path}]`);
    const how = requestedBy === null ? "automatically" : `(requested by ${addressText(requestedBy.client)})`;
    this.#logger.info(`created ${how}`);
    this.ready = this.#open();
    // Whoever waits for it is told; without anybody it has been logged.
    this.ready.catch(() => {});
  }

  get closed(): boolean {
    return this.#closed;
  }

  async #open(): Promise<void> {
    try {
      const seat = await this.context.pathManager.addReader(
        {
          name: this.path,
          query: this.requestedBy?.query ?? "",
          protocol: "hls",
          id: null,
          ip: this.requestedBy?.client.ip ?? "127.0.0.1",
          userAgent: "",
          credentials: noCredentials,
        },
        this,
        true,
      );
      this.#seat = seat;
      if (this.#closed) {
        seat.leave();
        throw new UserError("terminated");
      }
      this.#fanout = seat.stream.fanout("hls", () => new HlsFanout());
      this.#begin(seat);
    } catch (error) {
      this.close(errorText(error));
      throw error;
    }
  }

  /** Throws UserError when there is nothing that HLS can carry. */
  #begin(seat: ReaderSeat): void {
    const { conf } = this.context;
    const { stream } = seat;
    const directory = conf.hlsDirectory === ""
      ? null
      : new HlsDirectory(`${conf.hlsDirectory}/${this.path}`, this.#logger);
    const engine = new Muxer({
      tracks: stream.tracks,
      settings: {
        variant: conf.hlsVariant,
        segmentCount: conf.hlsSegmentCount,
        segmentDuration: conf.hlsSegmentDuration,
        partDuration: conf.hlsPartDuration,
        segmentMaxSize: conf.hlsSegmentMaxSize,
        prefix: crypto.getRandomValues(new Uint8Array(6)).toHex(),
      },
      createWriter: mpegtsWriter,
      ...(directory !== null && { observer: directory }),
    });
    for (const track of engine.skipped) {
      this.#logger.warn(`skipping track ${track.id + 1} (${track.codec.name})`);
    }
    const used = stream.tracks.filter((track) => !engine.skipped.includes(track));
    this.#logger.info(`is converting into HLS, ${tracksText(used)}`);
    this.#engine = engine;
    this.#directory = directory;
    this.#version = engine.version;
    this.#beginsSince = Date.now();
    this.#fanout!.attach(this);
    // The first viewer need not wait for the next key frame.
    if (seat.conf.gopCache !== "no") this.write(stream.cachedUnits);
  }

  write(units: readonly Unit[]): void {
    const engine = this.#engine;
    if (engine === null) return;
    try {
      engine.write(units);
    } catch (error) {
      return this.#crashed(errorText(error));
    }
    this.#seat?.stream.countOutbound(0, units.length * this.sessions.size);
    if (engine.version === this.#version) return;
    this.#version = engine.version;
    this.#publish(engine);
    this.#waiters.wake();
  }

  /** Low latency has nothing for files: its playlists change several times a second, and block. */
  #publish(engine: Muxer): void {
    if (this.#directory === null) return;
    const playlists: { name: string; bytes: Uint8Array<ArrayBuffer> }[] = [];
    if (this.context.conf.hlsVariant !== "lowLatency") {
      for (const name of engine.playlistNames) {
        const answer = engine.media(name, { msn: null, part: null, delta: false });
        if (answer.kind === "playlist") playlists.push({ name, bytes: answer.body.bytes("") });
      }
      const answer = engine.multivariant();
      if (answer.kind === "playlist") playlists.push({ name: "index.m3u8", bytes: answer.body.bytes("") });
    }
    this.#directory.publish(playlists);
  }

  #crashed(reason: string): void {
    if (this.requestedBy !== null) return this.close(reason);
    this.#end();
    this.#logger.error(`muxer instance crashed: ${reason}`);
    this.#endSessions("muxer instance crashed");
    this.#restartAt = Date.now() + restartMs;
  }

  /** The engine's end. */
  #end(): void {
    this.#fanout?.detach(this);
    this.#engine?.close();
    this.#engine = null;
    if (this.#directory !== null) this.follow(this.#directory.close());
    this.#directory = null;
    this.#waiters.wake();
  }

  #endSessions(reason: string): void {
    for (const session of [...this.sessions]) session.end(reason);
    this.cdnSession = null;
  }

  /** `reason` is for the log. Called by the path when the stream ends, and by the server. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.context.muxers.get(this.path) === this) this.context.muxers.delete(this.path);
    this.#end();
    this.#endSessions("muxer destroyed");
    this.#seat?.leave();
    this.#logger.info(`destroyed: ${reason}`);
  }

  check(now: number): void {
    for (const session of [...this.sessions]) session.check(now);
    if (this.cdnSession?.ended) this.cdnSession = null;
    if (now >= this.#restartAt && this.#seat !== null) {
      this.#restartAt = Infinity;
      try {
        this.#begin(this.#seat);
      } catch (error) {
        this.#crashed(errorText(error));
      }
    }
    // Key frames may be rarer than that.
    if (this.held > 0) this.used(now);
    this.#checkBegun(now);
    const closeAfter = Math.max(this.context.conf.hlsMuxerCloseAfter, minCloseAfterMs);
    if (this.requestedBy !== null && now - this.#lastRequest >= closeAfter) this.close("not used anymore");
  }

  /** Says once why there is nothing to play: players only see that they wait. */
  #checkBegun(now: number): void {
    const engine = this.#engine;
    if (this.#beginsSince === null || engine === null) return;
    if (!engine.begun) {
      if (!hasPassed(maxRandomAccessWaitMs, this.#beginsSince, now)) return;
      const what = engine.audioOnly ? "a frame" : "a key frame";
      this.#logger.warn(`is waiting for ${what} of the publisher: no segment can begin without`);
    }
    this.#beginsSince = null;
  }

  used(now: number): void {
    this.#lastRequest = now;
  }

  sent(bytes: number): void {
    this.#outboundBytes += bytes;
    this.#seat?.stream.countOutbound(bytes, 0);
  }

  get playlistMaxAge(): number | null {
    return this.#engine?.playlistMaxAge ?? null;
  }

  /** Requests that wait for something new. */
  get held(): number {
    return this.#waiters.size;
  }

  /** Asks until the answer is there, at most for `limitMs`. */
  async hold<Answer extends { readonly kind: string }>(
    ask: (engine: Muxer) => Answer | { readonly kind: "wait" },
    signal: AbortSignal,
    limitMs: number,
  ): Promise<Exclude<Answer, { readonly kind: "wait" }> | HoldEnd> {
    const end = Date.now() + limitMs;
    for (;;) {
      const engine = this.#engine;
      if (engine === null) return { kind: "closed" };
      const answer = ask(engine);
      if (answer.kind !== "wait") return answer as Exclude<Answer, { readonly kind: "wait" }>;
      const reason = await this.#waiters.wait(signal, end - Date.now());
      if (reason !== "changed") return { kind: reason };
    }
  }

  snapshot(): HlsMuxerSnapshot {
    return {
      path: this.path,
      created: this.created,
      lastRequest: this.#lastRequest,
      outboundBytes: this.#outboundBytes,
      outboundFramesDiscarded: 0,
    };
  }
}
