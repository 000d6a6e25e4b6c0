/**
 * Finds the transport packets in a stream of bytes that is cut anywhere. What may be between two packets, always as long,
 * is left out: the time of arrival, or Reed-Solomon code.
 */
import { concat } from "../../base/bytes.ts";
import { longPacketSize, packetSize, syncByte, timedPacketSize } from "./wire/packet.ts";

/** Consecutive sync bytes, a packet apart, that are believed after synchronisation was lost. */
const syncsToBelieve = 3;
/** What never becomes a transport stream is told, too, whenever this much has been skipped. */
export const maxSkippedSilently = 64 * 1024;
/** From one sync byte to the next. */
const strides = [packetSize, timedPacketSize, longPacketSize];

export interface PacketSink {
  /** 188 bytes from `at`, beginning with the sync byte; only valid during the call. */
  packet(bytes: Uint8Array, at: number): void;
  /** So many bytes were skipped to find the packet that comes next, or without having found one yet. */
  skipped(count: number): void;
}

/** Keeps less than three packets between calls, with what is between them. */
export class PacketSplitter {
  #rest: Uint8Array = new Uint8Array(0);
  /** Streams are taken to begin with a packet: files, datagrams and segments do. */
  #synced = true;
  #stride = packetSize;
  /** Bytes to come that are not of the next packet. */
  #between = 0;
  #skipped = 0;

  constructor(private readonly sink: PacketSink) {}

  push(chunk: Uint8Array): void {
    const fresh = this.#between === 0 ? chunk : chunk.subarray(this.#between);
    this.#between = Math.max(0, this.#between - chunk.length);
    const bytes = this.#rest.length === 0 ? fresh : concat([this.#rest, fresh]);
    const at = this.#split(bytes, false);
    this.#between += Math.max(0, at - bytes.length);
    this.#rest = bytes.slice(at);
  }

  /** The end of the stream: what is left is taken as packets on weaker evidence. */
  flush(): void {
    this.#split(this.#rest, true);
    this.#rest = new Uint8Array(0);
    this.#synced = true;
    this.#stride = packetSize;
    this.#between = 0;
    this.#skipped = 0;
  }

  /** Returns how far it came: behind the end when that is between two packets. */
  #split(bytes: Uint8Array, final: boolean): number {
    let at = 0;
    while (at + packetSize <= bytes.length) {
      const next = at + this.#stride;
      // A packet that is not followed by another is cut: it would be filled up with the start of the next one.
      if (bytes[at] !== syncByte || (next < bytes.length && bytes[next] !== syncByte)) this.#synced = false;
      if (!this.#synced) {
        const [from, before] = [at, this.#stride];
        at = this.#search(bytes, at, final);
        this.#skipped += at - from;
        if (!this.#synced && this.#skipped < maxSkippedSilently) break;
        // Nothing is lost when it turns out what is between the packets, or before the first one.
        const isBetween = this.#stride !== before && this.#skipped === this.#stride - packetSize;
        if (this.#skipped > 0 && !isBetween) this.sink.skipped(this.#skipped);
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
    // That of the packets before it first.
    const likely = [this.#stride, ...strides.filter((stride) => stride !== this.#stride)];
    for (let at = bytes.indexOf(syncByte, from); at >= 0; at = bytes.indexOf(syncByte, at + 1)) {
      let undecided = false;
      for (const stride of likely) {
        const evidence = evidenceAt(bytes, at, stride, final);
        if (evidence === "enough") {
          this.#synced = true;
          this.#stride = stride;
          return at;
        }
        undecided ||= evidence === "undecided";
      }
      if (undecided) return at;
    }
    return bytes.length;
  }
}

function evidenceAt(
  bytes: Uint8Array,
  at: number,
  stride: number,
  final: boolean,
): "enough" | "undecided" | "none" {
  let seen = 1;
  let next = at + stride;
  while (seen < syncsToBelieve && next < bytes.length && bytes[next] === syncByte) {
    seen++;
    next += stride;
  }
  if (seen === syncsToBelieve) return "enough";
  if (next < bytes.length) return "none";
  if (!final) return "undecided";
  // The last packet is whole, with or without what is behind it.
  return next - stride + packetSize === bytes.length || next === bytes.length ? "enough" : "none";
}
