/**
 * The front of every HTTP server: listener, limits, CORS, who the client is. What is served is a function from requests
 * to answers.
 *
 * Who closes whom: `close` refuses new requests, waits a little for those that are being answered (whoever holds some
 * has to wake them before), then ends the listener with all its connections.
 */
import { pause, Scope } from "../../base/scope.ts";
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { addressText, type NetAddress } from "../address.ts";
import type { CertificateStore } from "../certificates.ts";
import { anyNetworkContains, type Network } from "../networks.ts";
import { AllowedOrigins } from "./allowed_origins.ts";
import { errorAnswer } from "./answers.ts";
import { clientAddress } from "./client_address.ts";
import { Connections, nobody, peerAddress, systemConnections } from "./connections.ts";
import { headDump, requestLine } from "./debug_dump.ts";
import { HttpListener } from "./listener.ts";

const checkPeriodMs = 1000;
const idleTimeoutMs = 30_000;
const maxConnections = 10_000;
/** Requests that are being answered, held ones included. */
const maxRequests = 10_000;
/** For requests that are being answered when the server closes. */
const closeGraceMs = 500;
/** Deno calls a request completed when it has the last bytes of the answer: they still have to be sent. */
const lastBytesMs = 50;

/** One request and what the front knows about it. */
export interface HttpExchange {
  readonly request: Request;
  /** As the client has written it, with a slash at the start: neither decoded nor normalised. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Who asks, after trusted proxies; the port is that of the connection. */
  readonly client: NetAddress;
}

/** Makes an answer. What it throws is a defect: it is logged, and answered with 500. */
export type HttpHandler = (exchange: HttpExchange) => Response | Promise<Response>;

/** What a server is made of. */
export interface HttpServerOptions {
  /** `host:port`, `:port` or `unix:///path`. */
  readonly address: string;
  /** Given: HTTPS. */
  readonly certificates: CertificateStore | null;
  readonly allowOrigins: readonly string[];
  /** What preflight requests are told. */
  readonly allowMethods: string;
  /** What preflight requests are told. */
  readonly allowHeaders: string;
  readonly trustedProxies: readonly Network[];
  /** Of every answer. */
  readonly serverName: string;
  /** Milliseconds for a request's header. */
  readonly readTimeoutMs: number;
  /** Milliseconds in which a client takes nothing of an answer. */
  readonly writeTimeoutMs: number;
  readonly logger: Logger;
  readonly handle: HttpHandler;
}

/** What may change while the server runs; see `HttpServerOptions`. */
export type HttpSettings = Pick<
  HttpServerOptions,
  "allowOrigins" | "trustedProxies" | "readTimeoutMs" | "writeTimeoutMs"
>;

/** One listener with its connections, until `close`. */
export class HttpServer {
  readonly #scope = new Scope();
  readonly #listener: HttpListener;
  readonly #connections: Connections;
  readonly #limits: { headerMs: number; readonly idleMs: number; readonly maxConnections: number };
  #origins: AllowedOrigins;
  #trustedProxies: readonly Network[];
  #closing: Promise<void> | null = null;

  /** Listens at once. Throws UserError. */
  constructor(private readonly options: HttpServerOptions) {
    this.#origins = new AllowedOrigins(options.allowOrigins);
    this.#trustedProxies = options.trustedProxies;
    this.#listener = new HttpListener({
      address: options.address,
      certificates: options.certificates,
      sendTimeoutMs: options.writeTimeoutMs,
      logger: options.logger,
      handle: (request, info) => this.#serve(request, info),
    });
    const { address } = this.#listener;
    this.#limits = { headerMs: options.readTimeoutMs, idleMs: idleTimeoutMs, maxConnections };
    this.#connections = new Connections(
      this.#limits,
      address === null ? nobody : systemConnections(address),
      (ip) => anyNetworkContains(this.#trustedProxies, ip),
    );
    this.#scope.patrol(checkPeriodMs, () => this.check(Date.now()));
  }

  /** For requests and connections from now on. */
  reload(settings: HttpSettings): void {
    this.#origins = new AllowedOrigins(settings.allowOrigins);
    this.#trustedProxies = settings.trustedProxies;
    this.#limits.headerMs = settings.readTimeoutMs;
    this.#listener.setSendTimeout(settings.writeTimeoutMs);
  }

  /** As it was configured; with the port that was found when any would do. */
  get addressText(): string {
    const port = this.#listener.address?.port;
    return port === undefined ? this.options.address : this.options.address.replace(/:0$/, `:${port}`);
  }

  /** Null on a local socket. */
  get port(): number | null {
    return this.#listener.address?.port ?? null;
  }

  /** What the timer does. */
  check(now: number): void {
    this.#connections.check(now);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#scope.close();
    if (this.#connections.inFlight > 0) {
      const over = new AbortController();
      await Promise.race([this.#connections.drained(), pause(closeGraceMs, over.signal)]);
      over.abort();
      await pause(lastBytesMs, new AbortController().signal);
    }
    await this.#listener.close(() => this.#connections.endAll());
  }

  async #serve(request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>): Promise<Response> {
    const peer = peerAddress(info.remoteAddr);
    const end = this.#connections.begin(peer);
    const ended = () => end(Date.now());
    info.completed.then(ended, ended);
    const response = await this.#answer(request, peer);
    const { headers } = response;
    headers.set("server", this.options.serverName);
    const allowed = this.#origins.header(request.headers.get("origin"));
    if (allowed !== null) headers.set("access-control-allow-origin", allowed);
    if (this.#origins.varies) headers.append("vary", "origin");
    if (this.#closing !== null) headers.set("connection", "close");
    return response;
  }

  async #answer(request: Request, peer: NetAddress): Promise<Response> {
    const target = splitUrl(request);
    if (target === null) return new Response(null, { status: 400 });
    if (this.#closing !== null || this.#connections.inFlight > maxRequests) {
      return errorAnswer(503, "the server is busy", { "retry-after": "1" });
    }
    if (request.method === "OPTIONS" && request.headers.has("access-control-request-method")) {
      return this.#preflight();
    }
    const { logger, handle } = this.options;
    const client = clientAddress(peer, request.headers, this.#trustedProxies);
    const exchange = { request, ...target, client };
    const debug = logger.debugEnabled ? logger.child(`[conn ${addressText(exchange.client)}]`) : null;
    debug?.debug(`[c->s] ${headDump(requestLine(request.method, target.path), request.headers)}`);
    try {
      const response = await handle(exchange);
      debug?.debug(`[s->c] ${headDump(String(response.status), response.headers)}`);
      return response;
    } catch (error) {
      // The connection ends with it, nothing else.
      logger.error(error instanceof Error && error.stack !== undefined ? error.stack : errorText(error));
      return errorAnswer(500, "internal server error");
    }
  }

  #preflight(): Response {
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": this.options.allowMethods,
        "access-control-allow-headers": this.options.allowHeaders,
      },
    });
  }
}

/**
 * The target of a request out of the URL that Deno has put together. A Host header could move the border between host and
 * path: such a request is refused, and so is one without a path.
 */
function splitUrl(request: Request): { path: string; query: string } | null {
  const host = request.headers.get("host");
  if (host !== null && /[/?#\\@]/.test(host)) return null;
  const { url } = request;
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0 || request.method === "CONNECT") return null;
  const target = url.slice(start);
  if (target.includes("#")) return null;
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
