/**
 * Keeps the connections of one HTTP server in bounds. Deno's server has no time-outs of its own and does not show its
 * connections, so they are looked up in the system: on Linux with foreign calls. Elsewhere silent connections stay.
 */
import { addressText, type NetAddress, unmapIp } from "../address.ts";
import { ownerOf } from "../ip.ts";
import { type AcceptedSocket, acceptedSockets, descriptors, libc } from "../ffi/mod.ts";

/** Milliseconds, and numbers of connections. */
export interface ConnectionLimits {
  /** From the accepted connection to the end of its first request's header, TLS handshake included. */
  readonly headerMs: number;
  /** Between two requests. */
  readonly idleMs: number;
  /** With more, those that wait for a request are closed: of the addresses with the most of them, the oldest first. */
  readonly maxConnections: number;
}

interface Known {
  /** Requests that are being answered: several with HTTP/2. */
  inFlight: number;
  /** Since when there has been none. */
  idleSince: number;
  /** Has sent a whole header. */
  served: boolean;
}

/** The part of a socket that matters here; `AcceptedSocket` has it. */
export type Connection = Pick<AcceptedSocket, "peer" | "sending" | "shutdown">;

export class Connections {
  readonly #known = new Map<string, Known>();
  #inFlight = 0;
  #idle: (() => void) | null = null;

  constructor(
    private readonly limits: ConnectionLimits,
    /** The connections that exist now; null where they cannot be known. */
    private readonly list: () => readonly Connection[] | null,
    /** Proxies, whose many connections are those of many clients. */
    private readonly isTrusted: (ip: string) => boolean = () => false,
  ) {}

  /** Requests that are being answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** A request has come; the returned function says that its answer has gone out. */
  begin(peer: NetAddress): (now: number) => void {
    const key = addressText(peer);
    let known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, known = { inFlight: 0, idleSince: 0, served: true });
    known.served = true;
    known.inFlight++;
    this.#inFlight++;
    const { list } = this;
    return (now) => {
      known.inFlight--;
      known.idleSince = now;
      this.#inFlight--;
      if (known.inFlight === 0 && list === nobody) this.#known.delete(key);
      if (this.#inFlight === 0) this.#idle?.();
    };
  }

  /** Resolves when no request is being answered. */
  drained(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle = resolve);
  }

  /** Closes all connections, as far as they are known. */
  endAll(): void {
    for (const connection of this.list() ?? []) connection.shutdown();
  }

  /** Closes what has been idle for too long. To be called every second or so. */
  check(now: number): void {
    const connections = this.list();
    if (connections === null) return;
    const seen = new Set<string>();
    const waiting: { readonly connection: Connection; readonly known: Known }[] = [];
    for (const connection of connections) {
      const key = addressText(connection.peer);
      seen.add(key);
      let known = this.#known.get(key);
      if (known === undefined) {
        this.#known.set(key, known = { inFlight: 0, idleSince: now, served: false });
      }
      // The last bytes of an answer may be on their way for long; the system ends connections that do not move.
      if (connection.sending) known.idleSince = now;
      if (known.inFlight > 0) continue;
      const limit = known.served ? this.limits.idleMs : this.limits.headerMs;
      if (now - known.idleSince >= limit) connection.shutdown();
      else waiting.push({ connection, known });
    }
    this.#closeSurplus(connections.length - this.limits.maxConnections, waiting);
    for (const [key, { inFlight }] of this.#known) {
      if (inFlight === 0 && !seen.has(key)) this.#known.delete(key);
    }
  }

  #closeSurplus(surplus: number, waiting: { connection: Connection; known: Known }[]): void {
    if (surplus <= 0) return;
    waiting.sort((a, b) => b.known.idleSince - a.known.idleSince);
    const counts = new Map<string, number>();
    // Each is ranked by how many newer ones its address has: the highest ranks are those of the addresses with the most.
    const ranked = waiting.map((one) => {
      const { ip } = one.connection.peer;
      if (this.isTrusted(ip)) return { ...one, rank: 0 };
      const owner = ownerOf(ip);
      const rank = counts.get(owner) ?? 0;
      counts.set(owner, rank + 1);
      return { ...one, rank };
    });
    ranked.sort((a, b) => b.rank - a.rank || a.known.idleSince - b.known.idleSince);
    for (const { connection } of ranked.slice(0, surplus)) connection.shutdown();
  }
}

/** For servers whose connections cannot be listed. */
export function nobody(): null {
  return null;
}

/** How to list the connections of a TCP listener: `nobody` where the system does not tell. */
export function systemConnections(local: NetAddress): () => readonly Connection[] | null {
  const library = libc();
  const table = descriptors();
  if (library === undefined || table === undefined) return nobody;
  return () => acceptedSockets(library, table, local);
}

/** The peer of a request. Who comes over a local socket counts as this machine. */
export function peerAddress(address: Deno.Addr): NetAddress {
  return "hostname" in address
    ? { ip: unmapIp(address.hostname), port: address.port }
    : { ip: "127.0.0.1", port: 0 };
}
