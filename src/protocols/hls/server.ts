/**
 * The HLS server: listener, muxers and sessions.
 *
 * Who closes whom: `close` ends the muxers, which end their sessions and wake the requests that are held, then the listener
 * with its connections, then waits for files to be removed.
 */
import type { Logger } from "../../base/logger.ts";
import { productName } from "../../base/product.ts";
import { Scope } from "../../base/scope.ts";
import type { Conf } from "../../conf/mod.ts";
import type { CertificateStore } from "../../net/certificates.ts";
import { HttpServer, type HttpSettings } from "../../net/http/mod.ts";
import { parseNetwork } from "../../net/networks.ts";
import type { PathManager } from "../../paths/mod.ts";
import type { HlsContext } from "./context.ts";
import type { HlsMuxerSnapshot, PathMuxer } from "./muxer.ts";
import { HlsRequests } from "./requests.ts";
import type { HlsSession, HlsSessionSnapshot } from "./session.ts";
import { SessionTokens } from "./tokens.ts";

const checkPeriodMs = 1000;

/** What the server is given by the application. */
export interface HlsServerOptions {
  readonly conf: Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  /** Given: the server speaks HTTPS. */
  readonly certificates: CertificateStore | null;
}

/** The HLS server. */
export class HlsServer {
  readonly #scope = new Scope();
  readonly #logger: Logger;
  readonly #muxers = new Map<string, PathMuxer>();
  readonly #sessions = new Map<string, HlsSession>();
  readonly #removals = new Set<Promise<void>>();
  readonly #http: HttpServer;
  readonly #context: HlsContext;

  /** Listens at once. Throws UserError when the address cannot be used. */
  constructor({ conf, logger, pathManager, certificates }: HlsServerOptions) {
    this.#logger = logger.child("[HLS]");
    const context: HlsContext = {
      conf,
      logger: this.#logger,
      pathManager,
      tokens: new SessionTokens(),
      muxers: this.#muxers,
      sessions: this.#sessions,
    };
    this.#context = context;
    const requests = new HlsRequests(context, (task) => this.#follow(task));
    this.#http = new HttpServer({
      address: conf.hlsAddress,
      certificates,
      ...httpSettings(conf),
      allowMethods: "OPTIONS, GET",
      allowHeaders: "Authorization, Range",
      serverName: productName,
      logger: this.#logger,
      handle: (exchange) => requests.handle(exchange),
    });
    const how = certificates === null ? "TCP/HTTP" : "TCP/HTTPS";
    this.#logger.info(`started with listener on ${this.#http.addressText} (${how})`);
    this.#scope.patrol(checkPeriodMs, () => this.check(Date.now()));
    if (conf.hlsAlwaysRemux) {
      this.#scope.defer(pathManager.watchStreams((name, path) => {
        if (!path.sourceOnDemand) requests.muxer(name, null);
      }));
    }
  }

  /** For requests from now on. */
  reload(conf: Conf): void {
    this.#context.conf = conf;
    this.#http.reload(httpSettings(conf));
  }

  /** Null on a local socket. */
  get port(): number | null {
    return this.#http.port;
  }

  /** Sorted by the time of their creation. */
  get muxers(): HlsMuxerSnapshot[] {
    return [...this.#muxers.values()].map((muxer) => muxer.snapshot()).sort((a, b) => a.created - b.created);
  }

  /** Sorted by the time of their creation. */
  get sessions(): HlsSessionSnapshot[] {
    return [...this.#sessions.values()].map((session) => session.snapshot())
      .sort((a, b) => a.created - b.created);
  }

  /** Requests that wait for something new. */
  get heldRequests(): number {
    return [...this.#muxers.values()].reduce((sum, muxer) => sum + muxer.held, 0);
  }

  /** False when there is no session with this id. */
  kickSession(id: string): boolean {
    const session = [...this.#sessions.values()].find((session) => session.id === id);
    session?.end("kicked");
    return session !== undefined;
  }

  /** What the timer does. */
  check(now: number): void {
    for (const muxer of [...this.#muxers.values()]) muxer.check(now);
  }

  #follow(task: Promise<void>): void {
    const followed = task.finally(() => this.#removals.delete(followed));
    this.#removals.add(followed);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#logger.info("closing");
    await this.#scope.close();
    // No new ones: requests that come from now on are refused.
    const closed = this.#http.close();
    for (const muxer of [...this.#muxers.values()]) muxer.close("terminated");
    await closed;
    for (const muxer of [...this.#muxers.values()]) muxer.close("terminated");
    await Promise.all(this.#removals);
  }
}

function httpSettings(conf: Conf): HttpSettings {
  return {
    allowOrigins: conf.hlsAllowOrigins,
    trustedProxies: conf.hlsTrustedProxies.map(parseNetwork),
    readTimeoutMs: conf.readTimeout,
    writeTimeoutMs: conf.writeTimeout,
  };
}
