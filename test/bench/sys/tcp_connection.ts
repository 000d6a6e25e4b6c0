import {
  afInet,
  lastError,
  libc,
  msgDontWait,
  msgNoSignal,
  setIntOption,
  setTimeouts,
  sockCloseOnExec,
  socketAddress,
  sockStream,
} from "./libc.ts";

const timeoutSeconds = 20;
const protocolTcp = 6;
const noDelay = 1;

/** Where received bytes go: one area for all connections of a thread. */
export interface ReceiveArea {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pointer: Deno.PointerValue;
}

export function createReceiveArea(size: number): ReceiveArea {
  const bytes = new Uint8Array(size);
  return { bytes, pointer: Deno.UnsafePointer.of(bytes) };
}

/** What a receive without waiting found. */
export const receivedNothing = -1;
export const receivedEnd = 0;

/** A client's TCP socket. Connecting and sending block; receiving does so on demand. Owned by whoever created it. */
export class TcpConnection {
  readonly fd: number;
  #closed = false;

  constructor(ip: string, port: number) {
    this.fd = libc().socket(afInet, sockStream | sockCloseOnExec, 0);
    if (this.fd < 0) throw new Error(`socket: ${lastError()}`);
    setTimeouts(this.fd, timeoutSeconds);
    setIntOption(this.fd, protocolTcp, noDelay, 1);
    if (libc().connect(this.fd, socketAddress(ip, port), 16) < 0) {
      const reason = lastError();
      this.close();
      throw new Error(`can't connect to ${ip}:${port}: ${reason}`);
    }
  }

  /** Requests are small: they fit into the socket's buffer in one piece. */
  send(bytes: Uint8Array<ArrayBuffer>): void {
    const sent = libc().send(this.fd, bytes, bytes.length, msgNoSignal);
    if (sent !== bytes.length) throw new Error(`could not be sent: ${lastError()}`);
  }

  /** Waits; returns how many bytes came, at least one. */
  receive(area: ReceiveArea): number {
    const size = libc().recv(this.fd, area.pointer, area.bytes.length, 0);
    if (size === 0) throw new Error("the server closed the connection");
    if (size < 0) throw new Error(`no answer: ${lastError()}`);
    return size;
  }

  /** `receivedEnd` when the server has closed, `receivedNothing` when there is nothing (or an error). */
  receiveNow(area: ReceiveArea): number {
    return libc().recv(this.fd, area.pointer, area.bytes.length, msgDontWait);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    libc().close(this.fd);
  }
}
