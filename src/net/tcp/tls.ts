/** TLS listeners. TLS 1.2 and 1.3: Deno's TLS has no older versions. */
import type { ByteListener } from "../byte_conn.ts";
import type { CertificateStore } from "../certificates.ts";
import { anyNetworkContains } from "../networks.ts";
import { SystemConn } from "./conn.ts";
import { type ListenTcpOptions, TcpAcceptor } from "./listen.ts";
import { PreparedListener } from "./listener.ts";
import { TlsAcceptor } from "./tls_acceptor.ts";
import { TlsRelay } from "./tls_behind_proxy.ts";

/** Milliseconds from the accepted connection to the end of its handshake. */
const handshakeLimitMs = 10_000;

/** Where to listen for TLS, and who we are. */
export interface ListenTlsOptions extends ListenTcpOptions {
  readonly certificate: CertificateStore;
}

/**
 * Listens at once; yields connections whose handshake is done. With `trustedProxies` a PROXY header may come before the
 * handshake. Throws UserError.
 */
export function listenTls(options: ListenTlsOptions): ByteListener {
  const { certificate, trustedProxies = [], onError, maxConnections } = options;
  if (trustedProxies.length > 0) {
    const outer = new TcpAcceptor(options);
    const relay = new TlsRelay(outer, certificate, trustedProxies, onError ?? (() => {}));
    return new PreparedListener(relay, {
      isTrusted: (ip) => anyNetworkContains(trustedProxies, ip),
      maxConnections,
      prepare: (conn) => relay.prepare(conn),
      prepareLimitMs: handshakeLimitMs,
      onError,
    });
  }
  return new PreparedListener(new TlsAcceptor(options, certificate), {
    prepare: async (conn) => {
      await conn.handshake();
      return new SystemConn(conn, false);
    },
    prepareLimitMs: handshakeLimitMs,
    onError,
    maxConnections,
  });
}
