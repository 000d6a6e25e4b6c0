/** Packets over one byte stream. Owns the connection and its writing task; `close`, or the end of `run`, ends both. */
import { concat } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import type { ByteConn } from "../../../net/byte_conn.ts";
import { FrameReader, type Measure } from "./wire/framing.ts";

/** Bytes that wait for the connection; what comes then is dropped whole. */
export const maxQueuedBytes = 1024 * 1024;
const chunkSize = 64 * 1024;
const smallestRead = 4 * 1024;

export class FramedConn {
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writing = false;
  #closed = false;

  constructor(private readonly conn: ByteConn, private readonly measure: Measure) {}

  /** Calls `onPackets` with what each read has brought, until the connection ends, whoever causes it. */
  async run(onPackets: (packets: readonly Uint8Array[]) => void): Promise<void> {
    const frames = new FrameReader(this.measure);
    let chunk = new Uint8Array(chunkSize);
    let used = 0;
    try {
      for (;;) {
        if (chunkSize - used < smallestRead) {
          chunk = new Uint8Array(chunkSize);
          used = 0;
        }
        const size = await this.#read(chunk.subarray(used));
        if (size === null || this.#closed) return;
        const packets = frames.push(chunk.subarray(used, used + size));
        used += size;
        if (packets.length > 0) onPackets(packets);
      }
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
    } finally {
      this.close();
    }
  }

  /** A connection that breaks is one that ends. */
  async #read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.conn.read(into);
    } catch {
      return null;
    }
  }

  /** Takes all or nothing; false when too much waits. */
  send(bytes: Uint8Array): boolean {
    if (this.#closed || this.#queuedBytes > maxQueuedBytes) return false;
    const written = this.#writing ? 0 : this.conn.tryWrite(bytes);
    if (written === bytes.length) return true;
    this.#queue.push(written === 0 ? bytes : bytes.subarray(written));
    this.#queuedBytes += bytes.length - written;
    if (!this.#writing) void this.#write();
    return true;
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

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.conn.close();
  }
}
