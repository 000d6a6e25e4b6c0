/**
 * The SRT server: one UDP socket, one timer, and the connections that came in through them.
 *
 * Who closes whom: `close` ends the connections, which leave their paths, then the timer and the socket.
 */
import { errorText, ParseError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { RateLimitedReport } from "../../base/rate_limited.ts";
import { Scope } from "../../base/scope.ts";
import type { Conf } from "../../conf/mod.ts";
import { AddressShares } from "../../net/address_shares.ts";
import { addressText, type NetAddress } from "../../net/address.ts";
import { parseListenAddress } from "../../net/listen_address.ts";
import { fastPacketCrypto } from "../../net/packet_crypto.ts";
import { bindUdp, type Datagram, type UdpSocket } from "../../net/udp/mod.ts";
import type { PathManager } from "../../paths/mod.ts";
import { portableCrypto } from "../../rtp/srtp/mod.ts";
import { SrtConn, type SrtConnSnapshot } from "./conn.ts";
import type { SrtContext } from "./context.ts";
import { type ConnectionRequest, ListenerHandshake, rejectRequest } from "./engine/listener.ts";
import { defaultKeyRefresh } from "./engine/keys.ts";
import { unlimitedBandwidth } from "./engine/pacing.ts";
import { SecretTrials } from "./secret_trials.ts";
import { steadyNow, Wakes } from "./wakes.ts";
import { Rejection } from "./wire/handshake.ts";
import { destinationOf, headerSize } from "./wire/packet.ts";

const checkPeriodMs = 1000;
/** Clients repeat requests whose answer is under way: refusals are remembered for so long, and so many of them. */
const refusalMs = 3000;
const maxRefusals = 4096;
/** Connections, clients that wait for an answer included; one address may have half of them. */
const defaultMaxConnections = 16_384;

/** What a server is made of. */
export interface SrtServerOptions {
  /** The whole configuration; the keys that begin with `srt` and `udp` and the time-outs are read. */
  readonly conf: Conf;
  /** The server puts its name in front of its lines. */
  readonly logger: Logger;
  /** Where clients publish to and read from. */
  readonly pathManager: PathManager;
  /** Tests have fewer. */
  readonly maxConnections?: number;
}

function randomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

/** The server. */
export class SrtServer {
  readonly #scope = new Scope();
  readonly #wakes = new Wakes();
  readonly #handshake = new ListenerHandshake(randomBytes(32));
  /** By our socket id. */
  readonly #conns = new Map<number, SrtConn>();
  /** By address and the client's socket id: requests that come again. */
  readonly #requests = new Map<string, SrtConn>();
  /** By the same keys: those that were refused a moment ago, the oldest first. */
  readonly #refusals = new Map<string, { readonly bytes: Uint8Array; readonly until: number }>();
  readonly #context: SrtContext;
  readonly #shares: AddressShares;
  readonly #turnedAway: RateLimitedReport;

  private constructor(
    private readonly logger: Logger,
    private readonly socket: UdpSocket,
    { conf, pathManager, maxConnections = defaultMaxConnections }: SrtServerOptions,
  ) {
    this.#shares = new AddressShares(maxConnections);
    this.#turnedAway = new RateLimitedReport(
      logger,
      (count, last) => count === 1 ? last : `${count} clients were turned away, the last one: ${last}`,
    );
    this.#context = {
      conf,
      logger,
      pathManager,
      connectionOptions: () => ({
        crypto: fastPacketCrypto ?? portableCrypto,
        random: randomBytes,
        bandwidth: { kind: "limit", bytesPerSecond: unlimitedBandwidth },
        keyRefresh: defaultKeyRefresh,
        idleTimeout: this.#context.conf.readTimeout * 1000,
      }),
      room: (size) => socket.room(size),
      send: (batch, to) => socket.send(batch, to),
      createSocketId: () => this.#createSocketId(),
      secrets: new SecretTrials(),
      schedule: (who) => this.#wakes.schedule(who),
    };
  }

  /** Binds its port. Throws UserError when the address cannot be used. */
  static async start(options: SrtServerOptions): Promise<SrtServer> {
    const { conf } = options;
    const logger = options.logger.child("[SRT]");
    const socket = await bindUdp({
      ...parseListenAddress(conf.srtAddress),
      readBufferSize: conf.udpReadBufferSize,
      fastPath: conf.udpFastPath,
      onError: (error) => logger.error(errorText(error)),
    });
    const server = new SrtServer(logger, socket, options);
    server.#run();
    // With the port that was found when any would do.
    const shown = conf.srtAddress.replace(/:0$/, `:${socket.address.port}`);
    logger.info(`started with listener on ${shown} (UDP/SRT)`);
    return server;
  }

  /** Where it listens. */
  get address(): NetAddress {
    return this.socket.address;
  }

  /** Every connection, those included that are not decided yet. */
  get conns(): Iterable<SrtConn> {
    return this.#conns.values();
  }

  /** Sorted by the time of their creation; those included that are not decided yet. */
  get snapshots(): SrtConnSnapshot[] {
    return [...this.#conns.values()].map((conn) => conn.snapshot()).sort((a, b) => a.created - b.created);
  }

  /** Throws a client out; false when there is none with this id. */
  kick(id: string): boolean {
    const conn = [...this.#conns.values()].find((conn) => conn.id === id);
    conn?.close("kicked");
    return conn !== undefined;
  }

  /** New values hold for clients that come from now on. */
  reload(conf: Conf): void {
    this.#context.conf = conf;
  }

  #run(): void {
    this.#scope.run(
      () => this.socket.receive((packets) => this.#receive(packets)),
      (error) => this.logger.error(errorText(error)),
    );
    this.#scope.defer(() => this.#turnedAway.flush(performance.now()));
    this.#scope.defer(() => this.socket.close());
    this.#scope.defer(() => this.#wakes.close());
    this.#scope.patrol(checkPeriodMs, () => {
      const now = performance.now();
      for (const conn of this.#conns.values()) conn.check(now);
      for (const [key, { until }] of this.#refusals) {
        if (until > now) break;
        this.#refusals.delete(key);
      }
    });
    this.#scope.defer(() => {
      for (const conn of [...this.#conns.values()]) conn.close("terminated");
    });
  }

  #receive(packets: readonly Datagram[]): void {
    const now = steadyNow();
    for (const { bytes, from } of packets) {
      if (bytes.length < headerSize) continue;
      const destination = destinationOf(bytes);
      if (destination === 0) {
        this.#handshakePacket(bytes, from, now);
        continue;
      }
      const conn = this.#conns.get(destination);
      // Whoever guesses a socket id must not be able to end the connection.
      if (conn === undefined || conn.remote.port !== from.port || conn.remote.ip !== from.ip) continue;
      conn.receive(bytes, now);
    }
  }

  #handshakePacket(bytes: Uint8Array, from: NetAddress, now: number): void {
    try {
      const event = this.#handshake.receive(bytes, from.ip, from.port, now);
      if (event === null) return;
      if (event.kind === "request") return this.#request(event.request, from);
      this.#answer(event.bytes, from);
      if (event.kind === "refusal") {
        this.#turnedAway.report(performance.now(), `${addressText(from)}: ${event.reason}`);
      }
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.logger.debug(`${addressText(from)}: ${errorText(error)}`);
    }
  }

  #answer(bytes: Uint8Array, to: NetAddress): void {
    this.socket.send({ bytes, sizes: [bytes.length] }, to);
  }

  #request(request: ConnectionRequest, from: NetAddress): void {
    if (this.#scope.closed) return this.#answer(rejectRequest(request, Rejection.close), from);
    const key = `${from.ip} ${from.port} ${request.handshake.socketId}`;
    const known = this.#requests.get(key);
    if (known !== undefined) return known.repeated();
    const refusal = this.#refusals.get(key);
    if (refusal !== undefined) return this.#answer(refusal.bytes, from);
    const leave = this.#shares.take(from.ip);
    if (leave === null) {
      const text = `${addressText(from)}: too many connections, of this address or altogether`;
      this.#turnedAway.report(performance.now(), text);
      return this.#answer(rejectRequest(request, Rejection.resource), from);
    }
    const conn = new SrtConn(this.#context, request, from);
    this.#conns.set(conn.socketId, conn);
    this.#requests.set(key, conn);
    this.#scope.run(
      () =>
        conn.run().finally(() => {
          leave();
          this.#conns.delete(conn.socketId);
          this.#requests.delete(key);
          if (conn.refusal !== null) this.#remember(key, conn.refusal);
          this.#wakes.forget(conn);
        }),
      (error) => this.logger.error(errorText(error)),
    );
  }

  #remember(key: string, bytes: Uint8Array): void {
    if (this.#refusals.size >= maxRefusals) this.#refusals.delete(this.#refusals.keys().next().value!);
    this.#refusals.set(key, { bytes, until: performance.now() + refusalMs });
  }

  #createSocketId(): number {
    while (true) {
      const [id] = crypto.getRandomValues(new Uint32Array(1));
      // libsrt has the highest bits for groups.
      const usable = id & 0x3fff_ffff;
      if (usable !== 0 && !this.#conns.has(usable)) return usable;
    }
  }

  /** Ends everything; settles when all of it has ended. */
  async close(): Promise<void> {
    this.logger.info("closing");
    await this.#scope.close();
  }
}
