/** A connection of the system: TCP, or TLS over it. */
import { type NetAddress, unmapIp } from "../address.ts";
import type { ByteConn } from "../byte_conn.ts";
import { descriptors, libc, linux, plain } from "../ffi/mod.ts";

/** What the descriptor of a connection is, as far as we know. */
type Descriptor = { readonly kind: "unknown" | "none" } | { readonly kind: "known"; readonly number: number };

const notLooked: Descriptor = { kind: "unknown" };
const hasNone: Descriptor = { kind: "none" };

function toNetAddress(address: Deno.NetAddr): NetAddress {
  return { ip: unmapIp(address.hostname), port: address.port };
}

export class SystemConn implements ByteConn {
  readonly local: NetAddress;
  readonly remote: NetAddress;
  readonly #conn: Deno.TcpConn | Deno.TlsConn;
  #closed = false;
  #descriptor: Descriptor;

  /** `direct` says that bytes written to the descriptor are what the peer reads: TCP, not TLS. */
  constructor(conn: Deno.TcpConn | Deno.TlsConn, direct: boolean) {
    this.#conn = conn;
    this.local = toNetAddress(conn.localAddr);
    this.remote = toNetAddress(conn.remoteAddr);
    this.#descriptor = direct ? notLooked : hasNone;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) return null;
    try {
      return await this.#conn.read(into);
    } catch (error) {
      // Our own close interrupts a pending read: that is the end of the stream, not a failure.
      if (this.#closed) return null;
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    do {
      written += await this.#conn.write(written === 0 ? bytes : bytes.subarray(written));
    } while (written < bytes.length);
  }

  tryWrite(bytes: Uint8Array): number {
    if (this.#closed || this.#descriptor.kind === "none") return 0;
    if (this.#descriptor.kind === "unknown") this.#descriptor = this.#findDescriptor();
    const library = libc();
    if (this.#descriptor.kind !== "known" || library === undefined) return 0;
    const written = library.send(
      this.#descriptor.number,
      plain(bytes),
      bytes.length,
      linux.MSG_DONTWAIT | linux.MSG_NOSIGNAL,
    );
    return Math.max(written, 0);
  }

  #findDescriptor(): Descriptor {
    const { localAddr, remoteAddr } = this.#conn;
    const number = descriptors()?.claim(
      "tcp",
      { ip: localAddr.hostname, port: localAddr.port },
      { ip: remoteAddr.hostname, port: remoteAddr.port },
    );
    return number === undefined ? hasNone : { kind: "known", number };
  }

  close(): void {
    if (this.#closed) return;
    // First the flag: once Deno has closed the descriptor, its number may belong to somebody else.
    this.#closed = true;
    if (this.#descriptor.kind === "known") descriptors()?.release(this.#descriptor.number);
    try {
      this.#conn.close();
    } catch {
      // Whoever prepared the connection has given it up and closed it.
    }
  }
}
