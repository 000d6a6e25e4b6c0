/**
 * All sessions of a server on one UDP socket and one TCP listener. The mux owns the sockets, the connections accepted on
 * them and one timer; `close` ends them and closes the sessions.
 */
import { randomInt } from "node:crypto";
import type { Logger } from "../../../base/logger.ts";
import { errorText } from "../../../base/errors.ts";
import { Scope } from "../../../base/scope.ts";
import type { NetAddress } from "../../../net/address.ts";
import type { ByteListener } from "../../../net/byte_conn.ts";
import { interfaceAddresses } from "../../../net/interfaces.ts";
import { parseListenAddress } from "../../../net/listen_address.ts";
import { resolveHost } from "../../../net/resolve.ts";
import { listenTcp } from "../../../net/tcp/mod.ts";
import { bindUdp, type UdpSocket } from "../../../net/udp/mod.ts";
import type { IceCandidate, IceEvents } from "../contracts.ts";
import { Demultiplexer } from "./demultiplexer.ts";
import { hostCandidates } from "./host_candidates.ts";
import { type IceServerConf, parseIceServerUrl } from "./ice_servers.ts";
import { UdpLink } from "./link.ts";
import type { RelayLink } from "./relay_link.ts";
import { type PoolHost, ServerPool } from "./server_pool.ts";
import { MuxSession, type SessionHost } from "./session.ts";
import { TcpLink } from "./tcp_link.ts";

/** Connections that have not shown yet whose they are; the oldest makes room for a new one. */
export const maxStrangers = 256;
/** How long a connection may take for that. */
export const strangerLimitMs = 10_000;
/** While connections wait to be judged. */
const strangerTickMs = 1_000;

/** Where to listen, and what to tell clients. */
export interface IceMuxOptions {
  /** As in the configuration, `:8189`; empty for none. */
  readonly udpAddress: string;
  readonly tcpAddress: string;
  readonly ipsFromInterfaces: boolean;
  /** Interface names; empty for all. */
  readonly ipsFromInterfacesList: readonly string[];
  /** Addresses, and names that are resolved at each gathering. */
  readonly additionalHosts: readonly string[];
  /** Those for clients only are skipped. With any other, sessions do full ICE. */
  readonly iceServers: readonly IceServerConf[];
  /** How long to wait for STUN and TURN servers. */
  readonly gatherTimeoutMs: number;
  readonly udpFastPath: "auto" | "no";
  /** Bytes; 0 leaves the system's. */
  readonly udpReadBufferSize: number;
  readonly logger: Logger;
}

/** Sizes of what the mux keeps, and what it threw away. */
export interface IceMuxStats {
  readonly sessions: number;
  /** Username fragments that are answered: one of each session, two while it restarts. */
  readonly credentials: number;
  readonly routes: number;
  readonly connections: number;
  /** STUN, DTLS and media that belong to no session. */
  readonly packetsIgnored: number;
  /** Of TCP connections that are open: batches that found the queue full. */
  readonly packetsDropped: number;
}

/** Owned by whoever opened it, until `close`. */
export class IceMux implements SessionHost, PoolHost {
  readonly hasAdditionalHosts: boolean;
  readonly #scope = new Scope();
  readonly #sessions = new Map<number, MuxSession>();
  readonly #connections = new Set<TcpLink>();
  readonly #pool: ServerPool;
  readonly demultiplexer: Demultiplexer;
  readonly udp: UdpLink | null;
  readonly logger: Logger;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;

  private constructor(
    private readonly options: IceMuxOptions,
    udp: UdpSocket | null,
    private readonly listener: ByteListener | null,
  ) {
    this.hasAdditionalHosts = options.additionalHosts.length > 0;
    this.demultiplexer = new Demultiplexer(this.#sessions, () => this.now());
    this.udp = udp === null ? null : new UdpLink(udp);
    this.logger = options.logger;
    this.#pool = new ServerPool(this, options.iceServers, options.gatherTimeoutMs);
    const onError = (error: unknown) => options.logger.error(`ICE: ${errorText(error)}`);
    const link = this.udp;
    if (link !== null) {
      this.#scope.defer(() => link.socket.close());
      this.#scope.run(
        () => link.socket.receive((packets) => this.demultiplexer.deliver(link, packets)),
        onError,
      );
    }
    if (listener !== null) {
      this.#scope.defer(() => listener.close());
      this.#scope.run(() => this.#accept(listener), onError);
    }
    this.#scope.defer(() => {
      for (const connection of this.#connections) connection.close();
    });
    this.#scope.defer(() => this.#pool.close());
  }

  /**
   * Listens at once. With neither address, a UDP port of the system's choice is used. Throws UserError, or
   * ParseError for a malformed address.
   */
  static async open(options: IceMuxOptions): Promise<IceMux> {
    const { udpAddress, tcpAddress, logger } = options;
    const onError = (error: unknown) => logger.debug(`ICE: ${errorText(error)}`);
    for (const { url } of options.iceServers) parseIceServerUrl(url);
    const udpAt = udpAddress !== "" ? udpAddress : tcpAddress === "" ? ":0" : null;
    const udp = udpAt === null ? null : await bindUdp({
      ...parseListenAddress(udpAt),
      readBufferSize: options.udpReadBufferSize,
      fastPath: options.udpFastPath,
      onError,
    });
    try {
      const listener = tcpAddress === "" ? null : listenTcp({ ...parseListenAddress(tcpAddress), onError });
      return new IceMux(options, udp, listener);
    } catch (error) {
      udp?.close();
      throw error;
    }
  }

  get udpAddress(): NetAddress | null {
    return this.udp?.socket.address ?? null;
  }

  get tcpAddress(): NetAddress | null {
    return this.listener?.address ?? null;
  }

  get ports(): { readonly udp: number | null; readonly tcp: number | null } {
    return { udp: this.udpAddress?.port ?? null, tcp: this.tcpAddress?.port ?? null };
  }

  get stats(): IceMuxStats {
    return {
      sessions: this.#sessions.size,
      credentials: this.demultiplexer.fragments.size,
      routes: this.udp?.routes.size ?? 0,
      connections: this.#connections.size,
      packetsIgnored: this.demultiplexer.ignored,
      packetsDropped: [...this.#connections].reduce((sum, link) => sum + link.packetsDropped, 0),
    };
  }

  /** `controlling` is the side that made the offer. */
  createSession(events: IceEvents, { controlling = false }: { controlling?: boolean } = {}): MuxSession {
    let tag = randomInt(2 ** 32);
    while (this.#sessions.has(tag)) tag = randomInt(2 ** 32);
    const session = new MuxSession(this, events, tag, {
      lite: !controlling && this.#pool.empty,
      controlling,
    });
    this.#sessions.set(tag, session);
    if (this.udp !== null) session.addLink(this.udp);
    if (this.#scope.closed) session.closeWithMux();
    return session;
  }

  now(): number {
    return performance.now();
  }

  wake(session: MuxSession): void {
    session.tick(this.now());
    this.arm(session.dueAt);
  }

  /** Milliseconds since 1970. */
  wallClock(): number {
    return Date.now();
  }

  async gather(session: MuxSession): Promise<readonly IceCandidate[]> {
    const { options } = this;
    const [additionalHosts] = await Promise.all([this.#resolveAdditional(), this.#pool.gather()]);
    for (const relay of this.#pool.relays) session.addLink(relay);
    const hosts = hostCandidates({
      udp: this.udpAddress,
      tcp: this.tcpAddress,
      interfaces: interfaceAddresses(),
      ipsFromInterfaces: options.ipsFromInterfaces,
      interfaceNames: options.ipsFromInterfacesList,
      additionalHosts,
    });
    return [...hosts, ...this.#pool.candidates()];
  }

  async #resolveAdditional(): Promise<readonly string[]> {
    const found = await Promise.all(this.options.additionalHosts.map(async (host) => {
      try {
        return await resolveHost(host);
      } catch (error) {
        this.logger.warn(`cannot resolve additional host "${host}", skipping it: ${errorText(error)}`);
        return [];
      }
    }));
    return found.flat();
  }

  permit(host: string): void {
    this.#pool.permit(host);
  }

  dropLink(link: RelayLink): void {
    for (const session of this.#sessions.values()) session.removeLink(link);
  }

  register(ufrag: string, session: MuxSession): void {
    this.demultiplexer.fragments.set(ufrag, session);
  }

  unregister(ufrag: string): void {
    this.demultiplexer.fragments.delete(ufrag);
  }

  remove(session: MuxSession): void {
    this.#sessions.delete(session.tag);
  }

  async #accept(listener: ByteListener): Promise<void> {
    for await (const conn of listener.accept()) {
      const link = new TcpLink(conn, this.now());
      this.#makeRoom();
      this.#connections.add(link);
      this.arm(this.now() + strangerTickMs);
      this.#scope.run(async () => {
        await link.run((from, packets) => this.demultiplexer.deliver(from, packets));
        this.#connections.delete(link);
        link.session?.removeLink(link);
      }, (error) => this.options.logger.error(`ICE over TCP: ${errorText(error)}`));
    }
  }

  #makeRoom(): void {
    let strangers = 0;
    let oldest: TcpLink | null = null;
    for (const link of this.#connections) {
      if (link.session !== null) continue;
      oldest ??= link;
      strangers++;
    }
    if (strangers >= maxStrangers) oldest?.close();
  }

  arm(at: number): void {
    if (at >= this.#timerAt || this.#scope.closed) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, at - this.now()));
  }

  #tick(): void {
    this.#timerAt = Infinity;
    const now = this.now();
    let next = this.#pool.tick(now, this.#sessions.size > 0);
    for (const session of this.#sessions.values()) {
      if (session.dueAt <= now) session.tick(now);
      next = Math.min(next, session.dueAt);
    }
    for (const link of this.#connections) {
      if (link.session !== null) continue;
      if (now - link.openedAt > strangerLimitMs) link.close();
      else next = Math.min(next, now + strangerTickMs);
    }
    this.arm(next);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const session of [...this.#sessions.values()]) session.closeWithMux();
    await this.#scope.close();
  }
}
