/**
 * The STUN and TURN servers of a mux. Their answers serve all its sessions: the socket is shared, so is what they say about
 * it, and so are relayed addresses. Owned by the mux, which calls `tick`; `close` gives relayed addresses back.
 */
import { errorText } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import { Scope } from "../../../base/scope.ts";
import { addressText, type NetAddress } from "../../../net/address.ts";
import { resolveHost } from "../../../net/resolve.ts";
import type { IceCandidate } from "../contracts.ts";
import { newTransactionId } from "./credentials.ts";
import type { Demultiplexer } from "./demultiplexer.ts";
import { StunQuery } from "./engine/stun_query.ts";
import { TurnAllocation } from "./engine/turn_allocation.ts";
import { type IceServerAddress, type IceServerConf, iceServerFor, parseIceServerUrl } from "./ice_servers.ts";
import type { UdpLink } from "./link.ts";
import { RelayLink } from "./relay_link.ts";
import { dialTurn, type TurnConnection, turnOverStream, turnOverUdp } from "./turn_connection.ts";
import { candidatePriority, typePreference } from "./wire/candidate.ts";

/** How long what a STUN server said is believed. */
export const reflexiveLifeMs = 10_000;
/** Relayed addresses that no session uses are given back after this. */
export const idleRelayMs = 60_000;

/** What the pool needs of its mux. */
export interface PoolHost {
  readonly udp: UdpLink | null;
  readonly demultiplexer: Demultiplexer;
  readonly logger: Logger;
  now(): number;
  /** Milliseconds since 1970. */
  wallClock(): number;
  /** Something is due at that time. */
  arm(at: number): void;
  /** A relayed address is gone. */
  dropLink(link: RelayLink): void;
}

/** One server, and how far we are with it. */
interface Server {
  readonly conf: IceServerConf;
  readonly address: IceServerAddress;
  pending: boolean;
  /** STUN: an answer of less than `reflexiveLifeMs` ago. */
  mapped: { readonly address: NetAddress; readonly at: number } | null;
  query: StunQuery | null;
  allocation: TurnAllocation | null;
  relay: RelayLink | null;
  /** Takes the server off the socket, or closes its connection. */
  detach: () => void;
}

export class ServerPool {
  readonly #scope = new Scope();
  readonly #servers: Server[] = [];
  #waiting: { readonly until: number; readonly done: () => void }[] = [];
  #idleSince: number | null = null;

  /** Throws ParseError when a URL is malformed. */
  constructor(
    private readonly host: PoolHost,
    servers: readonly IceServerConf[],
    private readonly timeoutMs: number,
  ) {
    for (const conf of servers) {
      if (conf.clientOnly) continue;
      this.#servers.push({
        conf,
        address: parseIceServerUrl(conf.url),
        pending: false,
        mapped: null,
        query: null,
        allocation: null,
        relay: null,
        detach: () => {},
      });
    }
  }

  /** True when there is nobody to ask. */
  get empty(): boolean {
    return this.#servers.length === 0;
  }

  get relays(): readonly RelayLink[] {
    return this.#servers.flatMap(({ relay }) => relay ?? []);
  }

  /** Resolves when all servers have answered or failed, or the time is over. */
  async gather(): Promise<void> {
    const now = this.host.now();
    this.#idleSince = null;
    for (const server of this.#servers) if (this.#needsWork(server, now)) this.#ask(server);
    if (!this.#servers.some(({ pending }) => pending)) return;
    await new Promise<void>((done) => {
      this.#waiting.push({ until: now + this.timeoutMs, done });
      this.host.arm(now + this.timeoutMs);
    });
  }

  #needsWork({ pending, address, mapped, relay }: Server, now: number): boolean {
    if (pending) return false;
    return address.kind === "turn" ? relay === null : mapped === null || now - mapped.at > reflexiveLifeMs;
  }

  #ask(server: Server): void {
    server.pending = true;
    this.#scope.run(async () => {
      try {
        if (server.address.transport === "udp") await this.#askOverUdp(server);
        else await this.#askOverStream(server, server.address.transport);
      } catch (error) {
        this.#finish(server, errorText(error));
      }
    }, (error) => this.host.logger.error(errorText(error)));
  }

  async #askOverUdp(server: Server): Promise<void> {
    const { udp, demultiplexer } = this.host;
    const { host, port, kind } = server.address;
    if (udp === null) return this.#finish(server, "needs webrtcLocalUDPAddress");
    const ips = await resolveHost(host);
    const ip = ips.find((one) => udp.canReach({ ip: one, port }));
    if (this.#scope.closed) return;
    if (ip === undefined) return this.#finish(server, "has no address that the UDP socket reaches");
    const to: NetAddress = { ip, port };
    server.detach = demultiplexer.addServer(to, (bytes) => {
      server.query?.receive(bytes);
      if (server.query?.over) this.#finishQuery(server);
      server.allocation?.receive(bytes, this.host.now());
    });
    if (kind === "turn") this.#allocate(server, turnOverUdp(udp, to));
    else {
      server.query = new StunQuery(
        newTransactionId(0),
        (bytes) => udp.send({ bytes, sizes: [bytes.length] }, to),
      );
      this.host.arm(server.query.tick(this.host.now()));
    }
  }

  async #askOverStream(server: Server, transport: "tcp" | "tls"): Promise<void> {
    const stream = await dialTurn({ ...server.address, transport }, this.#scope.signal);
    server.detach = () => stream.close();
    if (this.#scope.closed) return stream.close();
    this.#allocate(server, turnOverStream(stream));
    const { allocation } = server;
    await stream.run((messages) => {
      for (const message of messages) allocation?.receive(message, this.host.now());
      this.host.demultiplexer.flush();
    });
    if (server.allocation === allocation && !this.#scope.closed) {
      this.#dropRelay(server, "closed the connection");
    }
  }

  #allocate(server: Server, connection: TurnConnection): void {
    const { username, credential } = iceServerFor(server.conf, this.host.wallClock());
    const allocation = new TurnAllocation({
      username: username ?? "",
      password: credential ?? "",
      stream: connection.stream,
      newTransactionId: () => newTransactionId(0),
      send: (bytes) => connection.send({ bytes, sizes: [bytes.length] }),
      sendBatch: (batch) => connection.send(batch),
      events: {
        onAllocated: (relayed, mapped) => {
          const { transport } = server.address;
          server.relay = new RelayLink(allocation, relayed, mapped, transport, () => this.host.now());
          this.#finish(server, null);
        },
        onFailed: (reason) => this.#dropRelay(server, reason),
        onData: (peer, data) => {
          if (server.relay !== null) this.host.demultiplexer.later(server.relay, peer, data);
        },
      },
    });
    server.allocation = allocation;
    const now = this.host.now();
    allocation.start(now);
    this.host.arm(allocation.tick(now));
  }

  #finishQuery(server: Server): void {
    const result = server.query?.result ?? null;
    server.query = null;
    server.detach();
    if (result === null) return this.#finish(server, "does not answer");
    server.mapped = { address: result, at: this.host.now() };
    this.#finish(server, null);
  }

  #dropRelay(server: Server, reason: string): void {
    const { relay } = server;
    server.relay = null;
    server.allocation = null;
    server.detach();
    if (relay !== null) this.host.dropLink(relay);
    this.#finish(server, reason);
  }

  #finish(server: Server, problem: string | null): void {
    server.pending = false;
    if (problem !== null && !this.#scope.closed) {
      this.host.logger.warn(`ICE server ${server.conf.url} ${problem}`);
    }
    if (this.#servers.some(({ pending }) => pending)) return;
    for (const { done } of this.#waiting.splice(0)) done();
  }

  permit(ip: string): void {
    for (const { allocation } of this.#servers) allocation?.permit(ip, this.host.now());
  }

  /** What the servers have said, as candidates. */
  candidates(): readonly IceCandidate[] {
    const base = this.host.udp?.socket.address ?? { ip: "0.0.0.0", port: 9 };
    const out: IceCandidate[] = [];
    const add = (
      type: "srflx" | "relay",
      { ip, port }: NetAddress,
      related: NetAddress,
      priority: number,
    ) => {
      if (out.some((known) => known.type === type && known.host === ip && known.port === port)) return;
      out.push({
        foundation: `${type === "srflx" ? 3 : 4}${out.length}`,
        component: 1,
        transport: "udp",
        priority,
        host: ip,
        port,
        type,
        relatedAddress: related,
        tcpType: null,
      });
    };
    for (const { mapped, relay } of this.#servers) {
      if (mapped !== null) {
        add("srflx", mapped.address, base, candidatePriority(typePreference.srflx, 65535 - out.length));
      }
      if (relay !== null) add("relay", relay.relayed, relay.mapped ?? base, relay.priority);
    }
    return out;
  }

  /** `inUse`: there are sessions. Gives the time of the next call. */
  tick(now: number, inUse: boolean): number {
    let next = Infinity;
    for (const server of this.#servers) {
      const { query, allocation } = server;
      if (query !== null) {
        next = Math.min(next, query.tick(now));
        if (query.over) this.#finishQuery(server);
      }
      if (allocation !== null) next = Math.min(next, allocation.tick(now));
    }
    for (const waiting of [...this.#waiting]) {
      if (now < waiting.until) next = Math.min(next, waiting.until);
      else {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        waiting.done();
      }
    }
    if (inUse) this.#idleSince = null;
    else if (this.relays.length > 0) {
      this.#idleSince ??= now;
      if (now - this.#idleSince > idleRelayMs) this.#giveBack();
    }
    return next;
  }

  #giveBack(): void {
    for (const server of this.#servers) {
      const { relay, allocation } = server;
      if (relay === null) continue;
      allocation?.close(this.host.now());
      server.relay = null;
      server.allocation = null;
      server.detach();
      this.host.logger.debug(`ICE server ${server.conf.url}: gave ${addressText(relay.relayed)} back`);
    }
  }

  async close(): Promise<void> {
    this.#giveBack();
    const closed = this.#scope.close();
    for (const server of this.#servers) {
      server.query = null;
      server.allocation = null;
      server.detach();
    }
    for (const { done } of this.#waiting.splice(0)) done();
    await closed;
  }
}
