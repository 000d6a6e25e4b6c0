/**
 * TLS behind a PROXY header. Deno's TLS reads a socket from its first byte, but the header comes before; so connections are
 * relayed to a TLS listener of our own on the loopback interface once their header has been read. Only for listeners with
 * trusted proxies: it costs a copy.
 *
 * The relay owns the inner listener; every connection owns its two pumps, which end with either side.
 */
import type { NetAddress } from "../address.ts";
import type { ByteConn } from "../byte_conn.ts";
import type { CertificateStore } from "../certificates.ts";
import { type Network } from "../networks.ts";
import { readProxyHeader } from "../proxy_protocol.ts";
import { SystemConn } from "./conn.ts";
import { dialTcp } from "./dial.ts";
import type { Acceptor } from "./listener.ts";
import { TlsAcceptor } from "./tls_acceptor.ts";

const loopback = "127.0.0.1";
const dialLimitMs = 5000;
const pumpSize = 64 * 1024;
/** Inner connections whose other end has not been recognised yet. */
const maxStrangers = 64;
/** After a failed accept of the inner listener. */
const acceptPauseMs = 100;

export class TlsRelay implements Acceptor<ByteConn> {
  readonly address: NetAddress;
  readonly #inner: TlsAcceptor;
  #closed = false;
  /** By the port from which we dialled the inner listener: whichever side comes first waits for the other. */
  readonly #waiting = new Map<number, (conn: Deno.TlsConn) => void>();
  readonly #strangers = new Map<number, Deno.TlsConn>();

  constructor(
    private readonly outer: Acceptor<ByteConn>,
    certificate: CertificateStore,
    private readonly trusted: readonly Network[],
    private readonly onError: (error: unknown) => void,
  ) {
    this.address = outer.address;
    this.#inner = new TlsAcceptor({ hostname: loopback, port: 0 }, certificate);
    this.#acceptInner();
  }

  accept(): Promise<ByteConn> {
    return this.outer.accept();
  }

  close(): void {
    this.#closed = true;
    this.outer.close();
    this.#inner.close();
    for (const conn of this.#strangers.values()) conn.close();
    this.#strangers.clear();
  }

  async #acceptInner(): Promise<void> {
    while (!this.#closed) {
      let conn: Deno.TlsConn;
      try {
        conn = await this.#inner.accept();
      } catch (error) {
        if (this.#closed) return;
        this.onError(error);
        await new Promise((resolve) => setTimeout(resolve, acceptPauseMs));
        continue;
      }
      const { port } = conn.remoteAddr;
      const taker = this.#waiting.get(port);
      this.#waiting.delete(port);
      if (taker !== undefined) taker(conn);
      else this.#keepStranger(port, conn);
    }
  }

  #keepStranger(port: number, conn: Deno.TlsConn): void {
    if (this.#strangers.size >= maxStrangers) {
      const [oldest] = this.#strangers;
      this.#strangers.delete(oldest[0]);
      oldest[1].close();
    }
    this.#strangers.set(port, conn);
  }

  #innerFrom(port: number): Promise<Deno.TlsConn> {
    const conn = this.#strangers.get(port);
    this.#strangers.delete(port);
    if (conn !== undefined) return Promise.resolve(conn);
    return new Promise((resolve) => this.#waiting.set(port, resolve));
  }

  /** Header, then handshake. Does not close `raw` when it fails. */
  async prepare(raw: ByteConn): Promise<ByteConn> {
    const client = await readProxyHeader(raw, this.trusted);
    const { port } = this.#inner.address;
    const link = await dialTcp({ hostname: loopback, port, timeoutMs: dialLimitMs });
    const end = () => {
      raw.close();
      link.close();
    };
    let tls: Deno.TlsConn | undefined;
    try {
      tls = await this.#innerFrom(link.local.port);
      // A failing side has said so by then: the other one reads the end of the stream.
      pump(client, link).catch(() => {}).finally(end);
      pump(link, client).catch(() => {}).finally(end);
      await tls.handshake();
      return new RelayedConn(new SystemConn(tls, false), client);
    } catch (error) {
      tls?.close();
      end();
      throw error;
    }
  }
}

async function pump(from: ByteConn, to: ByteConn): Promise<void> {
  const buffer = new Uint8Array(pumpSize);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) return;
    await to.write(buffer.subarray(0, count));
  }
}

/** The decrypted side, under the addresses of the client's connection. */
class RelayedConn implements ByteConn {
  readonly local: NetAddress;
  readonly remote: NetAddress;

  constructor(private readonly conn: ByteConn, client: ByteConn) {
    this.local = client.local;
    this.remote = client.remote;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.conn.read(into);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.conn.write(bytes);
  }

  tryWrite(bytes: Uint8Array): number {
    return this.conn.tryWrite(bytes);
  }

  /** The relay's pumps see the end and close the client's side when everything has been passed on. */
  close(): void {
    this.conn.close();
  }
}
