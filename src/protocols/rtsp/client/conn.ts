/**
 * One connection to an RTSP server: requests one after the other, and the frames between their answers.
 *
 * Who closes whom: `close` ends the socket, the loop that reads from it, and the request that waits.
 */
import { UserError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import { productName } from "../../../base/product.ts";
import type { NetAddress } from "../../../net/address.ts";
import type { ByteConn } from "../../../net/byte_conn.ts";
import { requestDump, responseDump } from "../debug_dump.ts";
import { HeaderMap } from "../wire/header_map.ts";
import { serializeInterleaved } from "../wire/interleaved.ts";
import { MessageReader } from "../wire/message_reader.ts";
import { type RtspRequest, rtspVersion } from "../wire/request.ts";
import { type RtspResponse, serializeResponse } from "../wire/response.ts";
import { serializeRequest } from "../wire/request.ts";
import { type RtspUrl, serializeRtspUrl } from "../wire/url.ts";
import type { Authorizer } from "./authorizer.ts";

/** Requests of one kind that are answered with 401 in a row. */
const maxRefusals = 3;

/** Writes that wait for the server to read; it can cause them by asking. */
export const maxPendingWrites = 64;

/** What comes besides answers. */
export interface ClientHandler {
  /** An interleaved frame: a view of memory that is not used again. */
  frame(channel: number, payload: Uint8Array, now: number): void;
  /** Everything of one read has been handed over. */
  flush(now: number): void;
}

interface Waiting {
  readonly sequence: string;
  readonly settle: PromiseWithResolvers<RtspResponse>;
}

/** Without answers that are redirects or refusals. */
export interface ClientRequest {
  readonly method: string;
  readonly url: RtspUrl;
  readonly headers?: Iterable<readonly [string, string]>;
}

export class ClientConn {
  /** From the first SETUP. */
  session: string | null = null;
  readonly #reader = new MessageReader();
  #sequence = 0;
  #waiting: Waiting | null = null;
  #framesKept = false;
  #closed = false;
  /** Set by `run`: why nothing more can be asked. */
  #end: Error | null = null;
  #writes: Promise<void> = Promise.resolve();
  #pendingWrites = 0;

  constructor(
    private readonly conn: ByteConn,
    private readonly logger: Logger,
    private readonly authorizer: Authorizer,
    private readonly handler: ClientHandler,
    private readonly timeoutMs: number,
  ) {}

  get remote(): NetAddress {
    return this.conn.remote;
  }

  get local(): NetAddress {
    return this.conn.local;
  }

  /** Reads until the connection ends. Rejects when the server breaks the protocol. */
  async run(): Promise<void> {
    try {
      for (;;) {
        const count = await this.conn.read(this.#reader.space());
        if (count === null) return;
        this.#reader.filled(count);
        this.#take(Date.now());
      }
    } catch (error) {
      if (!this.#closed) this.#end = error instanceof Error ? error : new Error(String(error));
      if (!this.#closed) throw error;
    } finally {
      this.#end ??= new UserError("the server has closed the connection");
      this.#waiting?.settle.reject(this.#end);
      this.#waiting = null;
    }
  }

  #take(now: number): void {
    let frames = 0;
    for (let message = this.#reader.next(); message !== null; message = this.#reader.next()) {
      switch (message.kind) {
        case "frame":
          frames++;
          this.handler.frame(this.#reader.channel, this.#reader.payload, now);
          break;
        case "response":
          this.#answered(message.response);
          break;
        case "request":
          this.#asked(message.request);
      }
    }
    if (frames > 0) this.#framesKept = true;
    if (this.#framesKept) this.handler.flush(now);
    else this.#reader.rewind();
  }

  #answered(response: RtspResponse): void {
    if (this.logger.debugEnabled) this.logger.debug(`[s->c] ${responseDump(response)}`);
    const waiting = this.#waiting;
    // Some cameras forget the number. One of a request that was given up is passed over.
    if (waiting === null || (response.headers.get("CSeq") ?? waiting.sequence) !== waiting.sequence) return;
    this.#waiting = null;
    waiting.settle.resolve(response);
  }

  /** Some servers ask whether we are still here. */
  #asked(request: RtspRequest): void {
    if (this.#pendingWrites >= maxPendingWrites) {
      throw new UserError("the server asks, but does not read the answers");
    }
    const known = ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE", "TEARDOWN"].includes(
      request.method,
    );
    const headers = new HeaderMap([["CSeq", request.headers.get("CSeq") ?? "0"]]);
    const response = {
      ...rtspVersion,
      status: known ? 200 : 501,
      reason: "",
      headers,
      body: new Uint8Array(0),
    };
    this.#write(serializeResponse(response));
    if (request.method === "TEARDOWN") throw new UserError("the server has torn the session down");
  }

  /** The answer, whatever its status, after what there was to authorise. Rejects when there is none in time. */
  async request(request: ClientRequest): Promise<RtspResponse> {
    for (let tries = 0;; tries++) {
      const response = await this.#exchange(request);
      if (response.status !== 401 || tries >= maxRefusals || !this.authorizer.learn(response, tries)) {
        return response;
      }
    }
  }

  async #exchange({ method, url, headers = [] }: ClientRequest): Promise<RtspResponse> {
    if (this.#end !== null) throw this.#end;
    if (this.#waiting !== null) throw new Error("a request while another one waits");
    const sequence = String(++this.#sequence);
    const target = serializeRtspUrl(url);
    const message = new HeaderMap([["CSeq", sequence], ["User-Agent", productName]]);
    if (this.session !== null) message.add("Session", this.session);
    const authorization = this.authorizer.header(method, target);
    if (authorization !== null) message.add("Authorization", authorization);
    for (const [name, value] of headers) message.add(name, value);
    const request: RtspRequest = {
      method,
      url: target,
      ...rtspVersion,
      headers: message,
      body: new Uint8Array(0),
    };
    if (this.logger.debugEnabled) this.logger.debug(`[c->s] ${requestDump(request)}`);
    const settle = Promise.withResolvers<RtspResponse>();
    this.#waiting = { sequence, settle };
    const timer = setTimeout(() => {
      this.#waiting = null;
      settle.reject(new UserError(`no answer to ${method}`));
    }, this.timeoutMs);
    this.#write(serializeRequest(request));
    try {
      return await settle.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A request whose answer nobody waits for; settles when it has been written. */
  async tell({ method, url }: ClientRequest): Promise<void> {
    const target = serializeRtspUrl(url);
    const headers = new HeaderMap([["CSeq", String(++this.#sequence)], ["User-Agent", productName]]);
    if (this.session !== null) headers.add("Session", this.session);
    const authorization = this.authorizer.header(method, target);
    if (authorization !== null) headers.add("Authorization", authorization);
    this.#write(serializeRequest({ method, url: target, ...rtspVersion, headers, body: new Uint8Array(0) }));
    await this.#writes;
  }

  /** RTCP of ours on an interleaved channel. */
  sendFrame(channel: number, payload: Uint8Array): void {
    if (this.#pendingWrites < maxPendingWrites) this.#write(serializeInterleaved(channel, payload));
  }

  /** One after the other. A failure shows at the next read. */
  #write(bytes: Uint8Array): void {
    this.#pendingWrites++;
    this.#writes = this.#writes.then(() => this.#closed ? undefined : this.conn.write(bytes)).catch(() => {})
      .then(() => void this.#pendingWrites--);
  }

  close(): void {
    this.#closed = true;
    this.conn.close();
  }
}
