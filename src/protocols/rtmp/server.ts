/**
 * The RTMP or the RTMPS server: a listener, and the connections that came in through it.
 *
 * Who closes whom: `close` stops the listener, then ends the connections, which leave their paths.
 */
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { Scope } from "../../base/scope.ts";
import type { Conf } from "../../conf/mod.ts";
import type { NetAddress } from "../../net/address.ts";
import type { ByteConn, ByteListener } from "../../net/byte_conn.ts";
import type { CertificateStore } from "../../net/certificates.ts";
import { parseListenAddress } from "../../net/listen_address.ts";
import { parseNetwork } from "../../net/networks.ts";
import { listenTcp, listenTls } from "../../net/tcp/mod.ts";
import type { PathManager } from "../../paths/mod.ts";
import { RtmpConn } from "./conn.ts";
import type { RtmpContext } from "./context.ts";
import { connSnapshot, type RtmpConnSnapshot } from "./stats.ts";

const checkPeriodMs = 1000;

/** What a server is made of. */
export interface RtmpServerOptions {
  /** The whole configuration; the keys that begin with `rtmp` and the time-outs are read. */
  readonly conf: Conf;
  /** The server puts its name in front of its lines. */
  readonly logger: Logger;
  /** Where clients publish to and read from. */
  readonly pathManager: PathManager;
  /** Given: the server speaks RTMPS. */
  readonly certificates: CertificateStore | null;
}

/** One server: RTMP, or RTMPS when it has a certificate. */
export class RtmpServer {
  readonly #scope = new Scope();
  readonly #conns = new Set<RtmpConn>();

  #context: RtmpContext | undefined;

  private constructor(private readonly logger: Logger, private readonly listener: ByteListener) {}

  /** Listens. Throws UserError when the address cannot be used. */
  static start(options: RtmpServerOptions): RtmpServer {
    const { conf, pathManager, certificates } = options;
    const secure = certificates !== null;
    const logger = options.logger.child(secure ? "[RTMPS]" : "[RTMP]");
    const address = secure ? conf.rtmpsAddress : conf.rtmpAddress;
    const listener = listen(options, address, logger);
    const server = new RtmpServer(logger, listener);
    server.#run({ secure, conf, logger, pathManager });
    // With the port that was found when any would do.
    const shown = address.replace(/:0$/, `:${listener.address.port}`);
    logger.info(`started with listener on ${shown} (TCP/${secure ? "RTMPS" : "RTMP"})`);
    return server;
  }

  /** Where it listens. */
  get address(): NetAddress {
    return this.listener.address;
  }

  /** Every open connection. */
  get conns(): Iterable<RtmpConn> {
    return this.#conns;
  }

  /** For API and metrics, by the time of their creation. */
  get snapshots(): RtmpConnSnapshot[] {
    return [...this.#conns].map(connSnapshot).sort((a, b) => a.created - b.created);
  }

  /** Ends a connection. False when there is none with this id. */
  kick(id: string): boolean {
    const conn = [...this.#conns].find((each) => each.id === id);
    conn?.close("kicked");
    return conn !== undefined;
  }

  /** For what is opened from now on. */
  reload(conf: Conf): void {
    if (this.#context !== undefined) this.#context.conf = conf;
  }

  #run(context: RtmpContext): void {
    this.#context = context;
    this.#scope.defer(() => {
      for (const conn of [...this.#conns]) conn.close("terminated");
    });
    this.#scope.patrol(checkPeriodMs, () => {
      const now = performance.now();
      for (const conn of this.#conns) conn.check(now);
    });
    this.#scope.run(async () => {
      for await (const conn of this.listener.accept()) this.#serve(context, conn);
    }, (error) => this.logger.error(errorText(error)));
    this.#scope.defer(() => this.listener.close());
  }

  #serve(context: RtmpContext, conn: ByteConn): void {
    if (this.#scope.closed) return conn.close();
    const served = new RtmpConn(context, conn);
    this.#conns.add(served);
    this.#scope.run(
      () => served.run().finally(() => this.#conns.delete(served)),
      (error) => this.logger.error(errorText(error)),
    );
  }

  /** Ends everything; settles when all of it has ended. */
  async close(): Promise<void> {
    this.logger.info("closing");
    await this.#scope.close();
  }
}

function listen(options: RtmpServerOptions, address: string, logger: Logger): ByteListener {
  const common = {
    ...parseListenAddress(address),
    trustedProxies: options.conf.rtmpTrustedProxies.map(parseNetwork),
    onError: (error: unknown) => logger.debug(errorText(error)),
  };
  const { certificates } = options;
  return certificates === null ? listenTcp(common) : listenTls({ ...common, certificate: certificates });
}
