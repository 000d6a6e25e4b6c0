/** The system's side of a TLS listener, whose certificate can be replaced. */
import type { NetAddress } from "../address.ts";
import type { CertificateStore } from "../certificates.ts";
import { setNoDelayOfListener } from "../ffi/mod.ts";
import { type ListenAddress, listenOn } from "../listen_address.ts";
import { listenerAddress } from "./listen.ts";
import type { Acceptor } from "./listener.ts";

/** Attempts to listen again after a new certificate, and milliseconds between them. */
const relistenAttempts = 50;
const relistenPauseMs = 10;

/**
 * Deno takes the certificate when it begins to listen, so a new certificate means a new listener on the same port; what was
 * accepted before goes on.
 */
export class TlsAcceptor implements Acceptor<Deno.TlsConn> {
  readonly address: NetAddress;
  readonly #again: ListenAddress;
  #listener: Deno.TlsListener;
  #state: "open" | "replacing" | "closed" = "open";
  readonly #unwatch: () => void;

  constructor(address: ListenAddress, private readonly store: CertificateStore) {
    this.#listener = this.#listen(address);
    this.address = listenerAddress(this.#listener);
    this.#again = { hostname: address.hostname, port: this.address.port };
    this.#unwatch = store.watch(() => {
      if (this.#state !== "open") return;
      this.#state = "replacing";
      this.#listener.close();
    });
  }

  #listen(address: ListenAddress): Deno.TlsListener {
    const { certificate: cert, key } = this.store.current;
    const listener = listenOn(
      "tcp",
      address,
      (hostname) => Deno.listenTls({ hostname, port: address.port, cert, key }),
    );
    // Deno's TLS connections have no such switch; accepted sockets inherit the listener's.
    setNoDelayOfListener({ ip: listener.addr.hostname, port: listener.addr.port });
    return listener;
  }

  async accept(): Promise<Deno.TlsConn> {
    for (;;) {
      if (this.#state === "replacing") await this.#relisten();
      try {
        return await this.#listener.accept();
      } catch (error) {
        if (this.#state !== "replacing") throw error;
      }
    }
  }

  /** The old socket is closed a moment after the pending accept has ended: until then the port is taken. */
  async #relisten(): Promise<void> {
    for (let attempt = 1; this.#state === "replacing"; attempt++) {
      try {
        this.#listener = this.#listen(this.#again);
        this.#state = "open";
      } catch (error) {
        if (attempt === relistenAttempts) throw error;
        await new Promise((resolve) => setTimeout(resolve, relistenPauseMs));
      }
    }
  }

  close(): void {
    if (this.#state === "closed") return;
    const open = this.#state === "open";
    this.#state = "closed";
    this.#unwatch();
    if (open) this.#listener.close();
  }
}
