/** Finds the transport packets in a stream of bytes that is cut anywhere. */
import { concat } from "../../base/bytes.ts";
import { packetSize, syncByte } from "./wire/packet.ts";

/** Consecutive sync bytes, a packet apart, that are believed after synchronisation was lost. */
const syncsToBelieve = 3;
/** What never becomes a transport stream is told, too, whenever this much has been skipped. */
export const maxSkippedSilently = 64 * 1024;

export interface PacketSink {
  /** 188 bytes from `at`, beginning with the sync byte; only valid during the call. */
  packet(bytes: Uint8Array, at: number): void;
  /** So many bytes were skipped to find the packet that comes next, or without having found one yet. */
  skipped(count: number): void;
}

/** Keeps less than three packets between calls. */
export class PacketSplitter {
  #rest: Uint8Array = new Uint8Array(0);
  /** Streams are taken to begin with a packet: files, datagrams and segments do. */
  #synced = true;
  #skipped = 0;

  constructor(private readonly sink: PacketSink) {}

  push(chunk: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? chunk : concat([this.#rest, chunk]);
    const at = this.#split(bytes, false);
    this.#rest = bytes.slice(at);
  }

  /** The end of the stream: what is left is taken as packets on weaker evidence. */
  flush(): void {
    this.#split(this.#rest, true);
    this.#rest = new Uint8Array(0);
    this.#synced = true;
    this.#skipped = 0;
  }

  /** Returns how far it came. */
  #split(bytes: Uint8Array, final: boolean): number {
    let at = 0;
    while (at + packetSize <= bytes.length) {
      const next = at + packetSize;
      // A packet that is not followed by another is cut: it would be filled up with the start of the next one.
      if (bytes[at] !== syncByte || (next < bytes.length && bytes[next] !== syncByte)) this.#synced = false;
      if (!this.#synced) {
        const from = at;
        at = this.#search(bytes, at, final);
        this.#skipped += at - from;
        if (!this.#synced && this.#skipped < maxSkippedSilently) break;
        if (this.#skipped > 0) this.sink.skipped(this.#skipped);
        this.#skipped = 0;
        if (!this.#synced) break;
        continue;
      }
      this.sink.packet(bytes, at);
      at = next;
    }
    return at;
  }

  /** Position of the next packet; without `#synced`, where to go on when more has come. */
  #search(bytes: Uint8Array, from: number, final: boolean): number {
    for (let at = bytes.indexOf(syncByte, from); at >= 0; at = bytes.indexOf(syncByte, at + 1)) {
      let seen = 1;
      let next = at + packetSize;
      while (seen < syncsToBelieve && next < bytes.length && bytes[next] === syncByte) {
        seen++;
        next += packetSize;
      }
      const cutOff = next >= bytes.length;
      if (seen === syncsToBelieve || (final && next === bytes.length)) {
        this.#synced = true;
        return at;
      }
      if (cutOff && !final) return at;
    }
    return bytes.length;
  }
}
