/**
 * One connection that speaks RTMP: it publishes to a path, or reads from one.
 *
 * Who closes whom: a connection ends when the peer goes or is done, when it breaks the protocol or is refused, when its
 * path or its server closes it, or when it is silent for too long. Ending, it leaves its path and closes its socket.
 */
import { isDisconnect } from "../../net/disconnect.ts";
import { pause } from "../../base/scope.ts";
import { errorText, ParseError, UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { RateLimitedReport } from "../../base/rate_limited.ts";
import { addressText, type NetAddress } from "../../net/address.ts";
import type { ByteConn } from "../../net/byte_conn.ts";
import { AuthError, NoStreamError, type PathAccess, type Publisher, type Reader } from "../../paths/mod.ts";
import { Sink } from "../../stream/sink.ts";
import { CipherTarget } from "./cipher_conn.ts";
import type { RtmpContext } from "./context.ts";
import { type Refusal, type ServerAction, ServerEngine, type StreamRequest } from "./engine/server.ts";
import { Publishing } from "./publishing.ts";
import { Reading } from "./reading.ts";

/** Answers that wait for a peer which does not read them. */
const maxQueuedControl = 1024 * 1024;
const unreadText = "the client does not read its responses";
/** How long the last bytes may take to leave before the socket is closed. */
const lastWordsMs = 500;
const bytesPerQueuedUnit = 32 * 1024;
const maxQueueAgeMs = 5000;
/** A player that used to answer pings and does not any more is gone. */
const maxSilenceMs = 20_000;

export class RtmpConn implements Reader, Publisher {
  readonly id: string = crypto.randomUUID();
  readonly created: number = Date.now();
  readonly type: "rtmpConn" | "rtmpsConn";
  readonly logger: Logger;
  readonly sink: Sink;
  state: "idle" | "publish" | "read" = "idle";
  pathName = "";
  query = "";
  user = "";
  userAgent = "";
  bytesReceived = 0;

  readonly #engine = new ServerEngine((size) => crypto.getRandomValues(new Uint8Array(size)));
  readonly #target: CipherTarget;
  readonly #abort = new AbortController();
  readonly #discarded: RateLimitedReport;
  /** A read that was begun while a request is being decided. */
  #pendingRead: Promise<number | null> | null = null;
  #lastActivity = performance.now();
  /** Since when there is no stream; null while there is one, or while it is being decided on. */
  #idleSince: number | null = performance.now();
  /** Units are views of what was read, and outlive the time in which their connection publishes. */
  #viewsKept = false;
  #closeReason: string | null = null;
  #publishing: Publishing | null = null;
  #reading: Reading | null = null;
  #goodbye: Promise<void> = Promise.resolve();

  constructor(private readonly context: RtmpContext, private readonly conn: ByteConn) {
    this.type = context.secure ? "rtmpsConn" : "rtmpConn";
    this.logger = context.logger.child(`[conn ${addressText(conn.remote)}]`);
    this.#target = new CipherTarget(conn);
    this.#discarded = new RateLimitedReport(
      this.logger,
      (count) => `reader is too slow, discarding ${count} ${count === 1 ? "frame" : "frames"}`,
    );
    const { writeQueueSize } = context.conf;
    this.sink = new Sink(
      this.#target,
      { maxChunks: writeQueueSize, maxBytes: writeQueueSize * bytesPerQueuedUnit, maxAgeMs: maxQueueAgeMs },
      (error) => this.#end(errorText(error)),
      (units) => this.#discarded.report(Date.now(), "", units),
      () => performance.now(),
    );
  }

  get remote(): NetAddress {
    return this.conn.remote;
  }

  /** Serves the connection until its end. Never rejects. */
  async run(): Promise<void> {
    this.logger.info("opened");
    const gone = this.context.pathManager.connected(this);
    try {
      await this.#serve();
      this.#end("EOF");
    } catch (error) {
      this.#end(errorText(error));
      if (!(error instanceof ParseError || error instanceof UserError || isDisconnect(error))) {
        this.logger.error(`unexpected: ${error instanceof Error ? error.stack : error}`);
      }
    }
    await this.#goodbye;
    this.logger.info(`closed: ${this.#closeReason}`);
    gone();
  }

  async #serve(): Promise<void> {
    while (this.#closeReason === null) {
      this.#pendingRead ??= this.conn.read(this.#engine.space());
      const count = await this.#pendingRead;
      this.#pendingRead = null;
      // Closed meanwhile: nobody is there any more whom a request could be of use to.
      if (count === null || this.#closeReason !== null) return;
      this.#engine.filled(count);
      this.bytesReceived += count;
      const now = Date.now();
      this.#lastActivity = performance.now();
      await this.#act(now);
      this.#publishing?.flush(now);
      if (!this.#viewsKept && this.#pendingRead === null) this.#engine.rewind();
      if (this.sink.queuedControlBytes > maxQueuedControl) {
        throw new UserError(unreadText);
      }
    }
  }

  async #act(now: number): Promise<void> {
    for (let action = this.#engine.next(now); action !== null; action = this.#engine.next(now)) {
      const task = this.#perform(action, now);
      if (task !== undefined) await task;
      if (this.#closeReason !== null) return;
    }
  }

  #perform(action: ServerAction, now: number): Promise<void> | undefined {
    switch (action.kind) {
      case "send":
        this.sink.pushControl(action.bytes);
        return undefined;
      case "encrypt":
        this.#target.encryptWith(action.cipher);
        return undefined;
      case "request":
        return this.#decide(action.request);
      case "end":
        // What came together with it is still of the stream.
        this.#publishing?.flush(now);
        return this.#leave(action.reason);
      default:
        return this.#publishing?.receive(action, now);
    }
  }

  /** The client is done with its stream, not yet with the connection: GStreamer takes it amiss when we close first. */
  #leave(reason: string): undefined {
    if (this.state !== "idle") this.logger.debug(`has left path '${this.pathName}': ${reason}`);
    this.#publishing?.leave();
    this.#publishing = null;
    this.#reading?.leave();
    this.#reading = null;
    this.state = "idle";
    this.#idleSince = performance.now();
  }

  async #decide(request: StreamRequest): Promise<void> {
    this.pathName = request.path;
    this.query = request.query;
    this.userAgent = request.connect.flashVer;
    this.#idleSince = null;
    try {
      if (request.action === "publish") await this.#publish(request);
      else await this.#watched(this.#read(request));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (error instanceof AuthError) {
        this.logger.warn(error.message);
        await this.#watched(pause(error.delayMs, this.#abort.signal));
      }
      if (this.#closeReason !== null) return;
      const told = error instanceof AuthError ? error.told : error.message;
      this.sink.pushControl(this.#engine.reject(refusalOf(error), told));
      await this.#lastWords();
      this.#end(error.message);
    } finally {
      this.#lastActivity = performance.now();
    }
  }

  /** The client may leave while it waits for a source: watches for that by reading on. */
  async #watched(task: Promise<void>): Promise<void> {
    const settled = await Promise.race([task.then(() => true, () => true), Promise.resolve(false)]);
    if (!settled && this.#closeReason === null) {
      this.#pendingRead ??= this.conn.read(this.#engine.space());
      this.#pendingRead.then((count) => count === null && this.#abort.abort(), () => this.#abort.abort());
    }
    await task;
  }

  async #publish(request: StreamRequest): Promise<void> {
    const access = this.#access(request);
    const { pathManager } = this.context;
    const conf = await pathManager.authorize(access, "publish");
    if (this.#closeReason !== null) return;
    this.user = pathManager.grantOf(access).user;
    this.state = "publish";
    this.#viewsKept = true;
    this.#publishing = new Publishing({
      logger: this.logger,
      attach: async (medias) => {
        const seat = await pathManager.addPublisher(access, this, medias, conf);
        this.logger.info(`is publishing to path '${seat.pathName}'`);
        return seat;
      },
    });
    this.sink.pushControl(this.#engine.accept());
  }

  async #read(request: StreamRequest): Promise<void> {
    const access = this.#access(request);
    const seat = await this.context.pathManager.addReader(access, this);
    if (this.#closeReason !== null) return seat.leave();
    this.user = this.context.pathManager.grantOf(access).user;
    try {
      this.#reading = new Reading(seat, request.connect.fourCcs, this.logger);
    } catch (error) {
      seat.leave();
      throw error;
    }
    this.state = "read";
    this.sink.pushControl(this.#engine.accept());
    this.#reading.play(this.sink);
    seat.playing();
  }

  #access(request: StreamRequest): PathAccess {
    const parameters = new URLSearchParams(request.query);
    return {
      name: request.path,
      query: request.query,
      protocol: "rtmp",
      id: this.id,
      ip: this.conn.remote.ip,
      userAgent: request.connect.flashVer,
      credentials: {
        user: parameters.get("user") ?? "",
        pass: parameters.get("pass") ?? "",
        // Whether the query may hold one is known to those who check it.
        token: "",
      },
      signal: this.#abort.signal,
    };
  }

  /** Called about once a second. `now`: milliseconds of a steady clock. */
  check(now: number): void {
    const { readTimeout, writeTimeout } = this.context.conf;
    if (this.sink.stalledMs(now) >= writeTimeout) return this.#end("write timed out");
    if (this.sink.queuedControlBytes > maxQueuedControl) return this.#end(unreadText);
    if (this.state === "read") {
      const ping = this.#engine.tick(now);
      if (ping !== null) this.sink.pushControl(ping);
      if (this.#engine.silentMs(now) >= maxSilenceMs) this.#end("the client does not answer");
      return;
    }
    // A client without a stream has that long for its handshake and its request, however busy it is.
    const since = this.state === "publish" ? this.#lastActivity : this.#idleSince;
    if (since !== null && now - since >= readTimeout) this.#end("read timed out");
  }

  /** For the path and the server: a player is told that its stream is over. */
  close(reason: string): void {
    if (this.#closeReason !== null) return;
    if (this.state === "read") {
      this.#reading?.leave();
      this.state = "idle";
      this.sink.pushControl(this.#engine.streamEnded());
      this.#goodbye = this.#lastWords().then(() => this.#end(reason));
      return;
    }
    this.#end(reason);
  }

  async #lastWords(): Promise<void> {
    await Promise.race([this.sink.drained, pause(lastWordsMs, this.#abort.signal)]);
  }

  #end(reason: string): void {
    if (this.#closeReason !== null) return;
    this.#closeReason = reason;
    this.#abort.abort();
    this.sink.close();
    this.conn.close();
    this.#reading?.leave();
    this.#publishing?.leave();
    this.#discarded.flush(Date.now());
  }
}

function refusalOf(error: UserError): Refusal {
  if (error instanceof AuthError) return "unauthorized";
  return error instanceof NoStreamError ? "noStream" : "failed";
}
