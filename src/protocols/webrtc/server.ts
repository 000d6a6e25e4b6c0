/**
 * The WebRTC server: HTTP for WHIP, WHEP and pages; one UDP port and one TCP port for media; sessions.
 *
 * Who closes whom: `close` ends the sessions, then HTTP with its connections, then the sockets of ICE and the certificate
 * of DTLS.
 */
import type { Logger } from "../../base/logger.ts";
import type { Conf } from "../../conf/mod.ts";
import type { NetAddress } from "../../net/address.ts";
import type { CertificateStore } from "../../net/certificates.ts";
import { HttpServer, type HttpSettings } from "../../net/http/mod.ts";
import { parseNetwork } from "../../net/networks.ts";
import { fastPacketCrypto } from "../../net/packet_crypto.ts";
import { productName } from "../../base/product.ts";
import type { PathManager } from "../../paths/mod.ts";
import { portableCrypto } from "../../rtp/srtp/mod.ts";
import type { WebrtcContext } from "./context.ts";
import type { DtlsProvider } from "./contracts.ts";
import { openDtlsProvider } from "./dtls/mod.ts";
import { allowHeaders, allowMethods, createRoutes } from "./http/routes.ts";
import { IceMux, type IceMuxStats } from "./ice/mod.ts";
import { WebrtcSessions } from "./sessions.ts";
import type { WebrtcFailure, WebrtcSessionSnapshot } from "./stats.ts";

/** What the server is given by the application. */
export interface WebrtcServerOptions {
  readonly conf: Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  /** Given: the server speaks HTTPS. */
  readonly certificates: CertificateStore | null;
}

/** The WebRTC server. */
export class WebrtcServer {
  readonly #logger: Logger;
  readonly #mux: IceMux;
  readonly #context: WebrtcContext;
  readonly #sessions: WebrtcSessions;
  readonly #http: HttpServer;
  #dtls: Promise<DtlsProvider> | null = null;

  private constructor({ conf, pathManager, certificates }: WebrtcServerOptions, logger: Logger, mux: IceMux) {
    this.#logger = logger;
    this.#mux = mux;
    this.#context = {
      conf,
      logger,
      pathManager,
      crypto: fastPacketCrypto ?? portableCrypto,
      dtls: () => this.#dtls ??= openDtlsProvider({ implementation: "auto" }),
      createIce: (events) => mux.createSession(events),
    };
    this.#sessions = new WebrtcSessions(this.#context);
    this.#http = new HttpServer({
      address: conf.webrtcAddress,
      certificates,
      ...httpSettings(conf),
      allowMethods,
      allowHeaders,
      serverName: productName,
      logger,
      handle: createRoutes({ conf: () => this.#context.conf, logger, pathManager, sessions: this.#sessions }),
    });
  }

  /** Listens. Throws UserError when an address cannot be used. */
  static async start(options: WebrtcServerOptions): Promise<WebrtcServer> {
    const { conf } = options;
    const logger = options.logger.child("[WebRTC]");
    const mux = await IceMux.open({
      udpAddress: conf.webrtcLocalUDPAddress,
      tcpAddress: conf.webrtcLocalTCPAddress,
      ipsFromInterfaces: conf.webrtcIPsFromInterfaces,
      ipsFromInterfacesList: conf.webrtcIPsFromInterfacesList,
      additionalHosts: conf.webrtcAdditionalHosts,
      iceServers: conf.webrtcICEServers2,
      gatherTimeoutMs: conf.webrtcSTUNGatherTimeout,
      udpFastPath: conf.udpFastPath,
      udpReadBufferSize: conf.udpReadBufferSize,
      logger,
    });
    try {
      const server = new WebrtcServer(options, logger, mux);
      server.#announce(options);
      return server;
    } catch (error) {
      await mux.close();
      throw error;
    }
  }

  #announce({ conf, certificates }: WebrtcServerOptions): void {
    const shown = (address: string, found: NetAddress | null) =>
      found === null ? address : address.replace(/:0$/, `:${found.port}`);
    const parts = [`${this.#http.addressText} (${certificates === null ? "TCP/HTTP" : "TCP/HTTPS"})`];
    if (conf.webrtcLocalUDPAddress !== "") {
      parts.push(`${shown(conf.webrtcLocalUDPAddress, this.#mux.udpAddress)} (UDP/ICE)`);
    }
    if (conf.webrtcLocalTCPAddress !== "") {
      parts.push(`${shown(conf.webrtcLocalTCPAddress, this.#mux.tcpAddress)} (TCP/ICE)`);
    }
    this.#logger.info(`started with listeners on ${parts.join(", ")}`);
  }

  /** For requests and sessions from now on. */
  reload(conf: Conf): void {
    this.#context.conf = conf;
    this.#http.reload(httpSettings(conf));
  }

  /** Of HTTP; null on a local socket. */
  get port(): number | null {
    return this.#http.port;
  }

  /** Sorted by the time of their creation. */
  get sessions(): WebrtcSessionSnapshot[] {
    return [...this.#sessions.all].map((session) => session.snapshot()).sort((a, b) => a.created - b.created);
  }

  /** Why clients could not be reached, of the last sessions that failed; oldest first. */
  get failures(): readonly WebrtcFailure[] {
    return this.#sessions.failures;
  }

  /** What connectivity holds: for tests of what is left behind. */
  get iceStats(): IceMuxStats {
    return this.#mux.stats;
  }

  /** False when there is no session with this id. */
  kickSession(id: string): boolean {
    const session = [...this.#sessions.all].find((session) => session.id === id);
    session?.close("kicked");
    return session !== undefined;
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#logger.info("closing");
    const closed = this.#http.close();
    this.#sessions.close("terminated");
    await closed;
    this.#sessions.close("terminated");
    await this.#mux.close();
    (await this.#dtls?.catch(() => null))?.close();
  }
}

function httpSettings(conf: Conf): HttpSettings {
  return {
    allowOrigins: conf.webrtcAllowOrigins,
    trustedProxies: conf.webrtcTrustedProxies.map(parseNetwork),
    readTimeoutMs: conf.readTimeout,
    writeTimeoutMs: conf.writeTimeout,
  };
}
