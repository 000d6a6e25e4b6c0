/** TCP listeners. */
import { type NetAddress, unmapIp } from "../address.ts";
import type { ByteConn, ByteListener } from "../byte_conn.ts";
import { type ListenAddress, listenOn } from "../listen_address.ts";
import { anyNetworkContains, type Network } from "../networks.ts";
import { readProxyHeader } from "../proxy_protocol.ts";
import { SystemConn } from "./conn.ts";
import { type Acceptor, PreparedListener } from "./listener.ts";

/** Milliseconds from the accepted connection to the end of its proxy header. */
export const proxyHeaderLimitMs = 10_000;

/** Where to listen for TCP. */
export interface ListenTcpOptions extends ListenAddress {
  /**
   * When not empty, connections may begin with a PROXY protocol header: from these peers it sets `remote`, from others it
   * is read and ignored.
   */
  readonly trustedProxies?: readonly Network[];
  /** For all addresses together; one may have half of them, unless it is a trusted proxy. Tests have fewer. */
  readonly maxConnections?: number;
  /** Failures to accept or to begin with one client; the listener goes on. */
  readonly onError?: (error: unknown) => void;
}

/** Listens at once. Accepted connections send without delay and probe silent peers. Throws UserError. */
export function listenTcp(options: ListenTcpOptions): ByteListener {
  const proxies = options.trustedProxies ?? [];
  return new PreparedListener(new TcpAcceptor(options), {
    prepare: (conn) => proxies.length === 0 ? Promise.resolve(conn) : readProxyHeader(conn, proxies),
    prepareLimitMs: proxyHeaderLimitMs,
    isTrusted: (ip) => anyNetworkContains(proxies, ip),
    maxConnections: options.maxConnections,
    onError: options.onError,
  });
}

export class TcpAcceptor implements Acceptor<ByteConn> {
  readonly address: NetAddress;
  readonly #listener: Deno.TcpListener;

  constructor(address: ListenAddress) {
    this.#listener = listenOn("tcp", address, (hostname) => Deno.listen({ hostname, port: address.port }));
    this.address = listenerAddress(this.#listener);
  }

  async accept(): Promise<ByteConn> {
    const conn = await this.#listener.accept();
    try {
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
    } catch {
      // The peer is gone already; the first read tells.
    }
    return new SystemConn(conn, true);
  }

  close(): void {
    this.#listener.close();
  }
}

export function listenerAddress(
  listener: Deno.Listener<Deno.TcpConn | Deno.TlsConn, Deno.NetAddr>,
): NetAddress {
  return { ip: unmapIp(listener.addr.hostname), port: listener.addr.port };
}
