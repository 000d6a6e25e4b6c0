/**
 * One connection that speaks RTSP: reads messages, answers requests one after the other, hands frames to its session.
 *
 * Who closes whom: a connection ends when the peer goes, when it breaks the protocol, when a request fails for good,
 * or when its session or server closes it. Ending, it closes its socket and lets go of its session.
 */
import { isDisconnect } from "../../net/disconnect.ts";
import { errorText, ParseError, UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { productName } from "../../base/product.ts";
import { addressText, type NetAddress } from "../../net/address.ts";
import type { ByteConn } from "../../net/byte_conn.ts";
import { Sink } from "../../stream/sink.ts";
import { announcedTimeoutSeconds, idleTimeoutMs, type RtspContext } from "./context.ts";
import { Authenticator } from "./credentials.ts";
import { requestDump, responseDump } from "./debug_dump.ts";
import { dispatch } from "./dispatch.ts";
import { type Reply, RequestError } from "./reply.ts";
import type { RtspSession } from "./session.ts";
import { openTunnel } from "./tunnel/open.ts";
import { HeaderMap } from "./wire/header_map.ts";
import { MessageReader } from "./wire/message_reader.ts";
import { type RtspRequest, rtspVersion } from "./wire/request.ts";
import { serializeResponse } from "./wire/response.ts";
import { serializeSession } from "./wire/session.ts";

/** Answers and reports that wait for a peer which does not read them. */
const maxQueuedControl = 1024 * 1024;
/** How long the last answer may take to leave before the socket is closed. */
const lastWordsMs = 500;
const bytesPerQueuedUnit = 32 * 1024;
const maxQueueAgeMs = 5000;

export type Tunnel = "none" | "http" | "websocket";

export class RtspConn {
  readonly id: string = crypto.randomUUID();
  readonly type: "rtspConn" | "rtspsConn";
  readonly created: number = Date.now();
  readonly logger: Logger;
  readonly authenticator: Authenticator;
  readonly sink: Sink;
  session: RtspSession | null = null;
  bytesReceived = 0;

  readonly #reader = new MessageReader();
  readonly #abort = new AbortController();
  /** A read that was begun while a request is being answered. */
  #reading: Promise<number | null> | null = null;
  #lastActivity = performance.now();
  #closeReason: string | null = null;
  /** An HTTP request has come. */
  #tunnelling = false;
  /** The socket belongs to a tunnel now. */
  #handedOver = false;
  /** What comes is RTSP: tunnels begin with the first message or not at all. */
  #speaksRtsp = false;
  /** A request is being answered; it may wait for a source. */
  #answering = false;
  /** Media that came here may still be kept by somebody, as views of what was read. */
  #viewsKept = false;
  /** The client may go on sending frames for a moment after its TEARDOWN. */
  #hadSession = false;

  constructor(
    readonly context: RtspContext,
    private readonly conn: ByteConn,
    readonly tunnel: Tunnel = "none",
  ) {
    this.type = context.secure ? "rtspsConn" : "rtspConn";
    this.logger = context.logger.child(`[conn ${addressText(conn.remote)}]`);
    this.authenticator = new Authenticator(context.conf.rtspAuthMethods);
    const { writeQueueSize } = context.conf;
    this.sink = new Sink(
      conn,
      { maxChunks: writeQueueSize, maxBytes: writeQueueSize * bytesPerQueuedUnit, maxAgeMs: maxQueueAgeMs },
      (error) => this.close(errorText(error)),
      (units) => this.session?.reportDiscarded(units),
      () => performance.now(),
    );
  }

  get remote(): NetAddress {
    return this.conn.remote;
  }

  /** Aborted when the connection ends: what is still waiting for this client can stop. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Serves the connection until its end. Never rejects. */
  async run(): Promise<void> {
    this.logger.info("opened");
    const gone = this.context.pathManager.connected(this);
    try {
      await this.#serve();
      this.close("EOF");
    } catch (error) {
      if (error instanceof ParseError) await this.#refuse();
      this.close(errorText(error));
      if (!(error instanceof ParseError || error instanceof UserError || isDisconnect(error))) {
        this.logger.error(`unexpected: ${error instanceof Error ? error.stack : error}`);
      }
    }
    this.logger.info(`closed: ${this.#closeReason}`);
    gone();
  }

  /** Reads and answers until the peer is done. */
  async #serve(): Promise<void> {
    while (this.#closeReason === null) {
      this.#reading ??= this.conn.read(this.#reader.space());
      const count = await this.#reading;
      this.#reading = null;
      // Closed meanwhile: nobody would let go of a session that a request makes now.
      if (count === null || this.#closeReason !== null) return;
      this.#reader.filled(count);
      this.bytesReceived += count;
      await this.#handleMessages();
    }
  }

  async #handleMessages(): Promise<void> {
    let now = Date.now();
    this.#lastActivity = performance.now();
    for (let message = this.#reader.next(); message !== null; message = this.#reader.next()) {
      switch (message.kind) {
        case "frame":
          this.#handleFrame(now);
          break;
        case "response":
          throw new ParseError("message", "a response where a request was expected");
        case "request":
          if (message.request.protocol === "HTTP") {
            if (this.tunnel !== "none") throw new ParseError("message", "a tunnel inside a tunnel");
            if (this.#speaksRtsp) throw new ParseError("message", "HTTP after RTSP");
            await this.#enterTunnel(message.request);
            return;
          }
          // What came before it was received earlier than what comes after it.
          this.session?.flush(now);
          this.#noteViews();
          if (this.#closeReason !== null) return;
          await this.#handleRequest(message.request);
          now = Date.now();
          this.#lastActivity = performance.now();
      }
      this.#speaksRtsp = true;
      if (this.#closeReason !== null) return;
    }
    this.session?.flush(now);
    this.#noteViews();
    if (!this.#viewsKept && this.#reading === null) this.#reader.rewind();
  }

  /** A publisher's packets are kept as views of what was read, longer than it publishes; nobody else's are. */
  #noteViews(): void {
    if (this.session?.state === "record") this.#viewsKept = true;
  }

  /** The socket goes on as a tunnel, inside which a connection of its own speaks RTSP. */
  async #enterTunnel(request: RtspRequest): Promise<void> {
    this.#tunnelling = true;
    const tunnel = await openTunnel(this, this.conn, request, this.#reader.takeRest());
    this.#handedOver = true;
    this.close("upgraded to a tunnel");
    if (tunnel !== null) this.context.serve(tunnel.conn, tunnel.kind);
  }

  /** Answers what could not be read. Publishers over TCP do not expect an answer in the middle of their media. */
  async #refuse(): Promise<void> {
    if (this.#closeReason !== null || this.#tunnelling || this.session?.state === "record") return;
    this.#respond(null, { status: 400 });
    await this.#lastWords();
  }

  #handleFrame(now: number): void {
    const session = this.session;
    if (session === null || session.delivery !== "tcp") {
      if (this.#hadSession) return;
      throw new ParseError("message", "an interleaved frame without interleaved media");
    }
    session.receiveFrame(this.#reader.channel, this.#reader.payload, now);
  }

  async #handleRequest(request: RtspRequest): Promise<void> {
    if (this.logger.debugEnabled) this.logger.debug(`[c->s] ${requestDump(request)}`);
    let reply: Reply;
    this.#answering = true;
    try {
      reply = await this.#answer(request);
    } catch (error) {
      if (error instanceof RequestError) reply = { status: error.status, closeReason: error.message };
      else if (error instanceof ParseError || error instanceof UserError) {
        reply = { status: 400, closeReason: error.message };
      } else throw error;
    } finally {
      this.#answering = false;
    }
    if (this.#closeReason !== null) return;
    this.#respond(request, reply);
    reply.after?.();
    if (this.sink.queuedControlBytes > maxQueuedControl) {
      throw new UserError("the client does not read its responses");
    }
    if (reply.closeReason !== undefined) {
      await this.#lastWords();
      this.close(reply.closeReason);
    }
  }

  /** The client may leave while its request waits for a source: watch for that by reading on. */
  async #answer(request: RtspRequest): Promise<Reply> {
    const answer = dispatch(this, request);
    if (request.method === "DESCRIBE" || request.method === "SETUP") {
      const settled = await Promise.race([answer.then(() => true, () => true), Promise.resolve(false)]);
      if (!settled) {
        this.#reading ??= this.conn.read(this.#reader.space());
        this.#reading.then((count) => count === null && this.#abort.abort(), () => this.#abort.abort());
      }
    }
    return await answer;
  }

  #respond(request: RtspRequest | null, reply: Reply): void {
    const headers = new HeaderMap();
    const sequence = request?.headers.get("CSeq");
    if (sequence !== undefined) headers.add("CSeq", sequence);
    headers.add("Server", productName);
    const session = this.session;
    if (session !== null && reply.status === 200 && request !== null && request.method !== "ANNOUNCE") {
      headers.add("Session", serializeSession({ id: session.secret, timeout: announcedTimeoutSeconds }));
    }
    for (const [name, value] of reply.headers ?? []) headers.add(name, value);
    const response = {
      ...rtspVersion,
      status: reply.status,
      reason: "",
      headers,
      body: reply.body ?? new Uint8Array(0),
    };
    if (this.logger.debugEnabled) this.logger.debug(`[s->c] ${responseDump(response)}`);
    this.sink.pushControl(serializeResponse(response));
  }

  async #lastWords(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<void>((resolve) => timer = setTimeout(resolve, lastWordsMs));
    await Promise.race([this.sink.drained, limit]);
    clearTimeout(timer);
  }

  /** Called about once a second. `now`: milliseconds of a steady clock. */
  check(now: number): void {
    const { writeTimeout } = this.context.conf;
    if (this.sink.stalledMs(now) >= writeTimeout) return this.close("write timed out");
    const state = this.session?.state;
    // FFmpeg sends nothing on the connection while it publishes over UDP, and players may stay silent over TCP.
    if (state === "record" || state === "play" || this.#answering) return;
    if (now - this.#lastActivity >= idleTimeoutMs) this.close("idle for too long");
  }

  /** The session has ended at the client's wish; the connection stays. */
  forgetSession(): void {
    this.session = null;
    this.#hadSession = true;
  }

  close(reason: string): void {
    if (this.#closeReason !== null) return;
    this.#closeReason = reason;
    this.#abort.abort();
    this.sink.close();
    if (!this.#handedOver) this.conn.close();
    const session = this.session;
    this.session = null;
    session?.release(this);
  }
}
