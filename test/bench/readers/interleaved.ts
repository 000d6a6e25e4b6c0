import { type PacketSink, peekSize } from "./meter.ts";

/** RFC 2326 §10.12: `$`, channel, 16-bit length. */
const frameHeaderSize = 4;
const dollar = 0x24;
/** The longest piece kept between two reads: a frame's peeked bytes, or a short text answer. */
const carrySize = 1024;
const receiveSize = 256 * 1024;

/**
 * Walks over the byte streams of many TCP readers that are all received into the same buffer: `receive area` is
 * filled from the socket, then `parse` is called. Only the first bytes of each packet are looked at; what is left of
 * a packet at the end of a read is skipped at the beginning of the reader's next one.
 */
export class InterleavedParser {
  readonly #buffer = new Uint8Array(carrySize + receiveSize);
  readonly #carry: Uint8Array;
  readonly #carried: Int32Array;
  readonly #skip: Int32Array;
  /** Where the socket's bytes go. */
  readonly area: Uint8Array<ArrayBuffer> = this.#buffer.subarray(carrySize);

  constructor(readers: number, private readonly sink: PacketSink) {
    this.#carry = new Uint8Array(readers * carrySize);
    this.#carried = new Int32Array(readers);
    this.#skip = new Int32Array(readers);
  }

  /** Takes the first `received` bytes of the area. False when the stream is not RTSP: nothing can be found again. */
  parse(reader: number, received: number): boolean {
    const end = carrySize + received;
    let at = carrySize;
    const carried = this.#carried[reader];
    if (carried > 0) {
      at -= carried;
      const from = reader * carrySize;
      this.#buffer.set(this.#carry.subarray(from, from + carried), at);
      this.#carried[reader] = 0;
    } else {
      at += this.#skip[reader];
    }
    return this.#walk(reader, at, end);
  }

  #walk(reader: number, at: number, end: number): boolean {
    const buffer = this.#buffer;
    while (at < end) {
      if (buffer[at] !== dollar) {
        const after = this.#endOfText(at, end);
        if (after === 0) return this.#keep(reader, at, end);
        at = after;
        continue;
      }
      const left = end - at;
      if (left < frameHeaderSize) return this.#keep(reader, at, end);
      const size = buffer[at + 2] << 8 | buffer[at + 3];
      if (left < frameHeaderSize + Math.min(size, peekSize)) return this.#keep(reader, at, end);
      if ((buffer[at + 1] & 1) === 0) this.sink.packet(reader, buffer, at + frameHeaderSize, size);
      at += frameHeaderSize + size;
    }
    this.#skip[reader] = at - end;
    return true;
  }

  #keep(reader: number, at: number, end: number): boolean {
    if (end - at > carrySize) return false;
    this.#carry.set(this.#buffer.subarray(at, end), reader * carrySize);
    this.#carried[reader] = end - at;
    return true;
  }

  /** Answers to keep-alive requests have no body. The offset after the blank line, 0 when it has not come yet. */
  #endOfText(at: number, end: number): number {
    const buffer = this.#buffer;
    for (let i = at + 3; i < end; i++) {
      if (buffer[i] === 0x0a && buffer[i - 1] === 0x0d && buffer[i - 2] === 0x0a && buffer[i - 3] === 0x0d) {
        return i + 1;
      }
    }
    return 0;
  }
}
