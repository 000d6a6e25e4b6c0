/**
 * The listening side of an HTTP server: Deno.serve over TCP, TLS (HTTP/1.1 and HTTP/2 by ALPN) or a local socket. It
 * begins anew on the same address when the certificate changes, and when the system's listener fails (Deno gives up
 * when it runs out of descriptors).
 */
import { errorText, UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { NetAddress } from "../address.ts";
import type { CertificateStore } from "../certificates.ts";
import { setListenerOptions } from "../ffi/mod.ts";
import { type ListenAddress, listenOn, parseListenAddress } from "../listen_address.ts";

const unixPrefix = "unix://";
/** Between attempts to listen again. */
const relistenPauseMs = 50;
/** Between two lines about a listener that fails, for as long as descriptors are scarce. */
const failureLineMs = 10_000;
/** For the connections of replaced listeners when all is closed. */
const leaveMs = 500;

/** Where to listen, and for whom. */
export interface HttpListenerOptions {
  /** `host:port`, `:port` or `unix:///path`. */
  readonly address: string;
  /** Given: HTTPS. */
  readonly certificates: CertificateStore | null;
  /** Milliseconds that a client may take nothing of an answer. */
  readonly sendTimeoutMs: number;
  readonly handle: Deno.ServeHandler<Deno.Addr>;
  /** Errors outside of requests. */
  readonly logger: Logger;
}

type Target =
  | { readonly kind: "tcp"; readonly address: ListenAddress }
  | { readonly kind: "unix"; readonly path: string };

export class HttpListener {
  /** Of TCP; null on a local socket. */
  readonly address: NetAddress | null;
  #server: Deno.HttpServer;
  #abort = new AbortController();
  #closed = false;
  #replacing: Promise<void> | null = null;
  /** Replaced ones, until their last connection has ended. */
  readonly #old = new Set<Promise<void>>();
  #failureToldAt = -Infinity;
  readonly #unwatch: () => void;
  #target: Target;
  #sendTimeoutMs: number;

  /** Listens at once. Throws UserError. */
  constructor(private readonly options: HttpListenerOptions) {
    const { address, certificates } = options;
    this.#sendTimeoutMs = options.sendTimeoutMs;
    this.#target = address.startsWith(unixPrefix)
      ? { kind: "unix", path: address.slice(unixPrefix.length) }
      : { kind: "tcp", address: parseListenAddress(address) };
    this.#server = this.#listen();
    this.address = this.#tcpAddress();
    if (this.#target.kind === "tcp" && this.address !== null) {
      this.#target = {
        kind: "tcp",
        address: { hostname: this.#target.address.hostname, port: this.address.port },
      };
    }
    this.#follow(this.#server);
    this.#unwatch = certificates?.watch(() => this.#replace()) ?? (() => {});
  }

  /** Ends the listener and all connections at once. `endOld` ends those of earlier listeners, which Deno cannot abort. */
  async close(endOld: () => void): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#unwatch();
    await this.#replacing;
    this.#abort.abort();
    await this.#server.finished.catch(() => {});
    endOld();
    if (this.#old.size === 0) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.resolve(), leaveMs);
    await Promise.race([Promise.all(this.#old), late.promise]);
    clearTimeout(timer);
  }

  #tcpAddress(): NetAddress | null {
    const { addr } = this.#server;
    return addr.transport === "tcp" ? { ip: addr.hostname, port: addr.port } : null;
  }

  #listen(): Deno.HttpServer {
    const { handle, certificates } = this.options;
    this.#abort = new AbortController();
    const common = {
      signal: this.#abort.signal,
      onListen: () => {},
      onError: (error: unknown) => {
        this.options.logger.error(errorText(error));
        return new Response(null, { status: 500 });
      },
    };
    const target = this.#target;
    if (target.kind === "unix") return listenUnix(target.path, common, handle);
    const tls = certificates === null
      ? {}
      : { cert: certificates.current.certificate, key: certificates.current.key };
    const server = listenOn(
      "tcp",
      target.address,
      (hostname) => Deno.serve({ ...common, ...tls, hostname, port: target.address.port }, handle),
    );
    const { hostname, port } = server.addr;
    // Without it, HTTPS answers wait 40 ms for each other, and an answer that nobody takes stays for ever.
    setListenerOptions({ ip: hostname, port }, { sendTimeoutMs: this.#sendTimeoutMs });
    return server;
  }

  /** For connections from now on. */
  setSendTimeout(milliseconds: number): void {
    this.#sendTimeoutMs = milliseconds;
    if (this.address !== null) setListenerOptions(this.address, { sendTimeoutMs: milliseconds });
  }

  #follow(server: Deno.HttpServer): void {
    server.finished.catch((error) => {
      if (this.#closed || server !== this.#server) return;
      const now = Date.now();
      if (now - this.#failureToldAt >= failureLineMs) {
        this.#failureToldAt = now;
        this.options.logger.error(`the listener failed and begins anew: ${errorText(error)}`);
      }
      this.#again();
    });
  }

  /** New connections get the new certificate; those that exist go on until they end. */
  #replace(): void {
    if (this.#closed || this.#replacing !== null) return;
    const old = this.#server.shutdown().catch(() => {}).finally(() => this.#old.delete(old));
    this.#old.add(old);
    this.#again();
  }

  /** The old socket is closed a moment later: until then the address is taken. */
  #again(): void {
    this.#replacing ??= this.#relisten().finally(() => this.#replacing = null);
  }

  async #relisten(): Promise<void> {
    let told = false;
    while (!this.#closed) {
      try {
        this.#server = this.#listen();
        this.#follow(this.#server);
        return;
      } catch (error) {
        if (!told && !(error instanceof UserError)) this.options.logger.error(errorText(error));
        told = true;
        await new Promise((resolve) => setTimeout(resolve, relistenPauseMs));
      }
    }
  }
}

/** A socket file that an earlier run has left is replaced; any other file is not. */
function listenUnix(
  path: string,
  options: Deno.ServeOptions<Deno.UnixAddr>,
  handle: Deno.ServeHandler<Deno.Addr>,
): Deno.HttpServer {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch {
    // Nothing there, or nothing we may remove: listening tells.
  }
  try {
    const server = Deno.serve({ ...options, path }, handle);
    Deno.chmodSync(path, 0o755);
    return server;
  } catch (error) {
    throw new UserError(`listen unix ${path}: ${errorText(error)}`);
  }
}
