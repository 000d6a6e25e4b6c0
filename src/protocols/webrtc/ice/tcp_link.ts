/** One accepted TCP connection of a peer (RFC 6544). Owns the connection and one reading and one writing task. */
import { ParseError } from "../../../base/errors.ts";
import { concat } from "../../../base/bytes.ts";
import type { NetAddress } from "../../../net/address.ts";
import type { ByteConn } from "../../../net/byte_conn.ts";
import type { Datagram, PacketBatch } from "../../../net/udp/mod.ts";
import type { Deliver, Link } from "./link.ts";
import type { MuxSession } from "./session.ts";
import { candidatePriority, tcpHostPreference, tcpPassivePreference } from "./wire/candidate.ts";
import { FrameReader, frameRfc4571, measureRfc4571 } from "./wire/framing.ts";

/** Bytes that wait for the connection; batches that come then are dropped whole. */
export const maxQueuedBytes = 1024 * 1024;
const chunkSize = 64 * 1024;
const smallestRead = 4 * 1024;

let count = 0;

export class TcpLink implements Link {
  readonly kind = "tcp";
  readonly priority: number = candidatePriority(tcpHostPreference, tcpPassivePreference(8191));
  readonly name: string;
  readonly remote: NetAddress;
  session: MuxSession | null = null;
  packetsDropped = 0;
  #closed = false;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writing = false;

  constructor(private readonly conn: ByteConn, readonly openedAt: number) {
    this.remote = conn.remote;
    this.name = `tcp#${++count} ${conn.local.ip} ${conn.local.port}`;
  }

  /** Reads until the end, whoever causes it; then the connection is closed. */
  async run(deliver: Deliver): Promise<void> {
    const frames = new FrameReader(measureRfc4571);
    let chunk = new Uint8Array(chunkSize);
    let used = 0;
    try {
      while (!this.#closed) {
        if (chunkSize - used < smallestRead) {
          chunk = new Uint8Array(chunkSize);
          used = 0;
        }
        const size = await this.conn.read(chunk.subarray(used));
        if (size === null || this.#closed) break;
        const packets: Datagram[] = frames.push(chunk.subarray(used, used + size))
          .map((bytes) => ({ bytes, from: this.remote }));
        used += size;
        if (packets.length > 0) deliver(this, packets);
      }
    } catch (error) {
      // A connection that breaks is one that ends; what it carried is judged by the session's consent.
      if (!(error instanceof ParseError) && !isNetworkError(error)) throw error;
    } finally {
      this.close();
    }
  }

  /** A connection answers its own peer only. */
  canReach(): boolean {
    return false;
  }

  sessionOf(): MuxSession | null {
    return this.session;
  }

  mayBind(_from: NetAddress, session: MuxSession): boolean {
    return this.session === null || this.session === session;
  }

  bind(_from: NetAddress, session: MuxSession): void {
    this.session = session;
  }

  unbind(_from: NetAddress, session: MuxSession): void {
    if (this.session === session) this.close();
  }

  send(batch: PacketBatch): void {
    if (this.#closed || this.#queuedBytes > maxQueuedBytes) {
      this.packetsDropped += batch.sizes.length;
      return;
    }
    const bytes = frameRfc4571(batch);
    const written = this.#writing ? 0 : this.conn.tryWrite(bytes);
    if (written === bytes.length) return;
    this.#queue.push(bytes.subarray(written));
    this.#queuedBytes += bytes.length - written;
    if (!this.#writing) void this.#write();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#queue.length > 0 && !this.#closed) {
        const bytes = this.#queue.length === 1 ? this.#queue[0] : concat(this.#queue);
        this.#queue = [];
        await this.conn.write(bytes);
        this.#queuedBytes -= bytes.length;
      }
    } catch {
      this.close();
    } finally {
      this.#writing = false;
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.conn.close();
  }
}

/** Errors of the connection itself: the system's have names of their own, never TypeError and the like. */
function isNetworkError(error: unknown): boolean {
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError) &&
    !(error instanceof ReferenceError);
}
