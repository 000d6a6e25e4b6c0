/** TLS connections of our own clients. */
import { Buffer } from "node:buffer";
import type { TLSSocket } from "node:tls";
import { UserError } from "../../base/errors.ts";
import { type NetAddress, unmapIp } from "../address.ts";
import type { ByteConn } from "../byte_conn.ts";
import { SystemConn } from "./conn.ts";
import { dial, type DialTcpOptions } from "./dial.ts";
import { connectPinned } from "./pinned.ts";

/** Whom to call, and how to know that it is the right one. */
export interface DialTlsOptions extends DialTcpOptions {
  /**
   * SHA-256 of the peer's certificate, hexadecimal in any case, colons allowed: then it need not be signed by anybody.
   * Empty or absent: the certificate must be valid for the host name.
   */
  readonly fingerprint?: string;
  /** Certificates (PEM) that are trusted besides the usual ones. */
  readonly caCerts?: readonly string[];
}

/** Resolves when the handshake is done. Throws UserError. */
export function dialTls(options: DialTlsOptions): Promise<ByteConn> {
  const { fingerprint = "" } = options;
  return dial(
    options,
    async (signal) =>
      fingerprint === ""
        ? await dialChecked(options, signal)
        : new NodeTlsConn(await connectPinned({ ...options, fingerprint }, signal)),
  );
}

async function dialChecked(
  { hostname, port, caCerts = [] }: DialTlsOptions,
  signal: AbortSignal,
): Promise<ByteConn> {
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
}

/** A socket of node's as a `ByteConn`. */
class NodeTlsConn implements ByteConn {
  readonly local: NetAddress;
  readonly remote: NetAddress;
  #rest: Uint8Array | null = null;
  #error: Error | null = null;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(private readonly socket: TLSSocket) {
    this.local = { ip: unmapIp(socket.localAddress ?? ""), port: socket.localPort ?? 0 };
    this.remote = { ip: unmapIp(socket.remoteAddress ?? ""), port: socket.remotePort ?? 0 };
    socket.setNoDelay(true);
    socket.on("readable", () => this.#changed());
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("error", (error) => {
      this.#error = error;
      this.#end();
    });
  }

  #end(): void {
    this.#ended = true;
    this.#changed();
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const chunk = this.#rest ?? this.socket.read() as Buffer | null;
      if (chunk !== null) {
        const count = Math.min(chunk.length, into.length);
        into.set(chunk.subarray(0, count));
        this.#rest = count < chunk.length ? chunk.subarray(count) : null;
        return count;
      }
      if (this.#error !== null) throw new UserError(this.#error.message);
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => error ? reject(new UserError(error.message)) : resolve());
    });
  }

  /** Only promises tell when node has taken the bytes. */
  tryWrite(): number {
    return 0;
  }

  close(): void {
    this.#end();
    this.socket.destroy();
  }
}
