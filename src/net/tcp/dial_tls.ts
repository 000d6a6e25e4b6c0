/** TLS connections of our own clients. */
import type { ByteConn } from "../byte_conn.ts";
import { SystemConn } from "./conn.ts";
import { dial, type DialTcpOptions } from "./dial.ts";

/** Whom to call, and whom to trust. */
export interface DialTlsOptions extends DialTcpOptions {
  /** Certificates (PEM) that are trusted besides the system's. */
  readonly caCerts?: readonly string[];
}

/** The certificate must be for `hostname`. Resolves when the handshake is done. Throws UserError. */
export function dialTls(options: DialTlsOptions): Promise<ByteConn> {
  return dial(options, async (signal) => {
    const { hostname, port, caCerts = [] } = options;
    const tcp = await Deno.connect({ hostname, port, signal });
    tcp.setNoDelay(true);
    tcp.setKeepAlive(true);
    let open: { close(): void } = tcp;
    const close = () => {
      try {
        open.close();
      } catch {
        // The failed handshake has closed it.
      }
    };
    signal.addEventListener("abort", close);
    try {
      const tls = await Deno.startTls(tcp, { hostname, caCerts: [...caCerts] });
      open = tls;
      await tls.handshake();
      return new SystemConn(tls, false);
    } catch (error) {
      close();
      throw error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  });
}
