/** TLS connections of our own clients. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { UserError } from "../../base/errors.ts";
import { type NetAddress, unmapIp } from "../address.ts";
import type { ByteConn } from "../byte_conn.ts";
import { SystemConn } from "./conn.ts";
import { dial, type DialTcpOptions } from "./dial.ts";

/** Whom to call, and how to know that it is the right one. */
export interface DialTlsOptions extends DialTcpOptions {
  /**
   * SHA-256 of the peer's certificate, hexadecimal in any case, colons allowed: then it need not be signed by anybody.
   * Empty: the certificate must be valid for the host name.
   */
  readonly fingerprint: string;
}

/** Throws UserError. */
export function dialTls(options: DialTlsOptions): Promise<ByteConn> {
  return dial(
    options,
    (signal) => options.fingerprint === "" ? dialChecked(options, signal) : dialPinned(options, signal),
  );
}

async function dialChecked({ hostname, port }: DialTlsOptions, signal: AbortSignal): Promise<ByteConn> {
  const tcp = await Deno.connect({ hostname, port, signal });
  tcp.setNoDelay(true);
  tcp.setKeepAlive(true);
  const tls = await Deno.startTls(tcp, { hostname });
  const stop = () => tls.close();
  signal.addEventListener("abort", stop);
  try {
    if (signal.aborted) throw new Error("canceled");
    await tls.handshake();
  } catch (error) {
    if (!signal.aborted) tls.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return new SystemConn(tls, false);
}

/** Deno's own TLS always asks who has signed; node's lets us look ourselves. */
function dialPinned({ hostname, port, fingerprint }: DialTlsOptions, signal: AbortSignal): Promise<ByteConn> {
  const wanted = fingerprint.replaceAll(":", "").toLowerCase();
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port,
      rejectUnauthorized: false,
      // A server name must not be an address (RFC 6066 §3).
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    });
    const fail = (error: Error) => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      reject(error);
    };
    const stop = () => fail(new Error("canceled"));
    signal.addEventListener("abort", stop);
    if (signal.aborted) return stop();
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      const found = raw === undefined ? "none" : createHash("sha256").update(raw).digest("hex");
      if (found !== wanted) {
        return fail(new UserError(`fingerprint does not match: expected ${wanted}, got ${found}`));
      }
      signal.removeEventListener("abort", stop);
      socket.off("error", fail);
      resolve(new NodeTlsConn(socket));
    });
  });
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
