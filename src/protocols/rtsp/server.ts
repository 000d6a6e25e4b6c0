/**
 * The RTSP or the RTSPS server: listener, UDP ports, and everything that came in through them.
 *
 * Who closes whom: `close` stops the listener, then ends the sessions (which leave their paths), then the connections,
 * then the UDP ports.
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
import { fastPacketCrypto } from "../../net/packet_crypto.ts";
import { bindUdp, type UdpSocket } from "../../net/udp/mod.ts";
import type { PathManager } from "../../paths/mod.ts";
import { portableCrypto } from "../../rtp/srtp/mod.ts";
import { RtspConn, type Tunnel } from "./conn.ts";
import type { RtspContext } from "./context.ts";
import { MulticastPool } from "./multicast.ts";
import type { RtspSession } from "./session.ts";
import { connSnapshot, type RtspConnSnapshot, type RtspSessionSnapshot, sessionSnapshot } from "./stats.ts";
import { StreamStates } from "./stream_state.ts";
import { HttpTunnels } from "./tunnel/http.ts";
import { UdpClients } from "./udp_clients.ts";

const checkPeriodMs = 1000;
/** Between two checks the system's clock and a steady one may differ by less. */
const maxClockSkewMs = 1000;

/** What the server is given by the application. */
export interface RtspServerOptions {
  readonly conf: Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  /** Given: the server speaks RTSPS. */
  readonly certificates: CertificateStore | null;
}

/** The keys that differ between the plain and the encrypted server. */
function addresses(conf: Conf, secure: boolean) {
  return secure
    ? {
      tcp: conf.rtspsAddress,
      rtp: conf.srtpAddress,
      rtcp: conf.srtcpAddress,
      multicastRtp: conf.multicastSRTPPort,
      multicastRtcp: conf.multicastSRTCPPort,
      labels: ["TCP/RTSPS", "UDP/SRTP", "UDP/SRTCP"],
    }
    : {
      tcp: conf.rtspAddress,
      rtp: conf.rtpAddress,
      rtcp: conf.rtcpAddress,
      multicastRtp: conf.multicastRTPPort,
      multicastRtcp: conf.multicastRTCPPort,
      labels: ["TCP/RTSP", "UDP/RTP", "UDP/RTCP"],
    };
}

/** One server: RTSP, or RTSPS when it has a certificate. */
export class RtspServer {
  readonly #scope = new Scope();
  readonly #conns = new Set<RtspConn>();
  readonly #sessions = new Map<string, RtspSession>();

  #context: RtspContext | undefined;
  /** The system's clock minus a steady one. */
  #clockOffset = Date.now() - performance.now();

  private constructor(private readonly logger: Logger, private readonly listener: ByteListener) {}

  /** Listens. Throws UserError when an address cannot be used. */
  static async start(options: RtspServerOptions): Promise<RtspServer> {
    const { conf, pathManager, certificates } = options;
    const secure = certificates !== null;
    const logger = options.logger.child(secure ? "[RTSPS]" : "[RTSP]");
    const { tcp, rtp, rtcp, multicastRtp, multicastRtcp, labels } = addresses(conf, secure);
    const udp = conf.rtspTransports.includes("udp") ? await bindPair(conf, logger, rtp, rtcp) : null;
    let listener: ByteListener;
    try {
      listener = listen(options, tcp, logger);
    } catch (error) {
      udp?.rtp.close();
      udp?.rtcp.close();
      throw error;
    }
    const server = new RtspServer(logger, listener);
    const multicast = conf.rtspTransports.includes("multicast")
      ? new MulticastPool(conf.multicastIPRange, multicastRtp, multicastRtcp, conf.udpFastPath)
      : null;
    const tunnels = new HttpTunnels();
    const context: RtspContext = {
      secure,
      conf,
      logger,
      pathManager,
      srtpCrypto: fastPacketCrypto ?? portableCrypto,
      udp: udp && { pair: udp, rtpClients: new UdpClients(), rtcpClients: new UdpClients() },
      multicast,
      sessions: server.#sessions,
      streams: new StreamStates(),
      tunnels,
      serve: (conn, tunnel) => server.#serve(context, conn, tunnel),
    };
    server.#run(context);
    const parts = [`${shown(tcp, listener.address)} (${labels[0]})`];
    if (udp !== null) {
      parts.push(
        `${shown(rtp, udp.rtp.address)} (${labels[1]})`,
        `${shown(rtcp, udp.rtcp.address)} (${labels[2]})`,
      );
      const how = udp.rtp.implementation === "linux"
        ? "with the fast path of Linux"
        : "with the portable implementation";
      logger.info(`UDP packets are sent and received ${how}`);
    }
    logger.info(`started with listeners on ${parts.join(", ")}`);
    return server;
  }

  get conns(): Iterable<RtspConn> {
    return this.#conns;
  }

  get sessions(): Iterable<RtspSession> {
    return this.#sessions.values();
  }

  /** For API and metrics, by the time of their creation. */
  get connSnapshots(): RtspConnSnapshot[] {
    return [...this.#conns].map(connSnapshot).sort((a, b) => a.created - b.created);
  }

  /** The same. */
  get sessionSnapshots(): RtspSessionSnapshot[] {
    return [...this.#sessions.values()].map(sessionSnapshot).sort((a, b) => a.created - b.created);
  }

  /** Ends a session with its connections. False when there is none with this id. */
  kickSession(id: string): boolean {
    const session = [...this.#sessions.values()].find((each) => each.id === id);
    session?.close("kicked");
    return session !== undefined;
  }

  /** For what is opened from now on. */
  reload(conf: Conf): void {
    if (this.#context !== undefined) this.#context.conf = conf;
  }

  #run(context: RtspContext): void {
    this.#context = context;
    const fail = (error: unknown) => this.logger.error(errorText(error));
    if (context.udp !== null) {
      const { pair, rtpClients, rtcpClients } = context.udp;
      for (const [socket, clients] of [[pair.rtp, rtpClients], [pair.rtcp, rtcpClients]] as const) {
        this.#scope.run(() => socket.receive((datagrams) => clients.dispatch(datagrams, Date.now())), fail);
        this.#scope.defer(() => socket.close());
      }
    }
    this.#scope.defer(() => {
      context.tunnels.close();
      for (const conn of [...this.#conns]) conn.close("terminated");
    });
    this.#scope.defer(() => {
      for (const session of [...this.#sessions.values()]) session.close("terminated");
    });
    this.#scope.patrol(checkPeriodMs, () => this.#check(Date.now()));
    this.#scope.run(async () => {
      for await (const conn of this.listener.accept()) this.#serve(context, conn, "none");
    }, fail);
    this.#scope.defer(() => this.listener.close());
  }

  #serve(context: RtspContext, conn: ByteConn, tunnel: Tunnel): void {
    if (this.#scope.closed) return conn.close();
    const served = new RtspConn(context, conn, tunnel);
    this.#conns.add(served);
    this.#scope.run(
      () => served.run().finally(() => this.#conns.delete(served)),
      (error) => this.logger.error(errorText(error)),
    );
  }

  #check(now: number): void {
    const offset = now - performance.now();
    const step = offset - this.#clockOffset;
    this.#clockOffset = offset;
    if (Math.abs(step) > maxClockSkewMs) {
      // Machines without a clock of their own start in the past: nobody was silent for as long as that.
      this.logger.debug(`the system's clock was set by ${Math.round(step)} ms`);
      for (const session of this.#sessions.values()) session.renew(now);
    }
    for (const conn of this.#conns) conn.check(performance.now());
    for (const session of this.#sessions.values()) session.check(now);
  }

  async close(): Promise<void> {
    this.logger.info("closing");
    await this.#scope.close();
  }
}

function listen(options: RtspServerOptions, address: string, logger: Logger): ByteListener {
  const common = {
    ...parseListenAddress(address),
    trustedProxies: options.conf.rtspTrustedProxies.map(parseNetwork),
    onError: (error: unknown) => logger.debug(errorText(error)),
  };
  const { certificates } = options;
  return certificates === null ? listenTcp(common) : listenTls({ ...common, certificate: certificates });
}

async function bindPair(conf: Conf, logger: Logger, rtp: string, rtcp: string) {
  const bind = (address: string): Promise<UdpSocket> =>
    bindUdp({
      ...parseListenAddress(address),
      readBufferSize: conf.rtspUDPReadBufferSize ?? conf.udpReadBufferSize,
      fastPath: conf.udpFastPath,
      onError: (error) => logger.error(errorText(error)),
    });
  const first = await bind(rtp);
  try {
    return { rtp: first, rtcp: await bind(rtcp) };
  } catch (error) {
    first.close();
    throw error;
  }
}

/** The address as it was configured; with the port that was found when any would do. */
function shown(configured: string, actual: NetAddress): string {
  return configured.replace(/:0$/, `:${actual.port}`);
}
