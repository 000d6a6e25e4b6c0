/**
 * Messages out of a growing stream of chunks, cut anywhere.
 *
 * ```ts
 * const reader = new ChunkReader();
 * for (let n = await conn.read(reader.space()); n !== null; n = await conn.read(reader.space())) {
 *   reader.filled(n);
 *   for (let message = reader.next(); message !== null; message = reader.next()) …
 * }
 * ```
 */
import { ParseError } from "../../../../base/errors.ts";
import type { Rc4 } from "../handshake/rc4.ts";
import {
  defaultChunkSize,
  extendedTimestampMark,
  maxChunkSize,
  messageHeaderSizes,
  MessageType,
  type RawMessage,
} from "./header.ts";

/** Bytes of one message's body. */
export const maxMessageSize = 10 * 1024 * 1024;
/** Chunk streams that one connection may use. */
export const maxChunkStreams = 64;
/** Bytes of all messages that are not complete yet, together. */
export const maxPartialBytes = 16 * 1024 * 1024;

const minSlab = 4096;
const maxSlab = 256 * 1024;
const minSpace = 2048;
/** The memory that a stated length gets before its bytes have come. */
const firstPartialSize = 64 * 1024;

/** What a chunk stream remembers of its last message header. */
interface ChunkStream {
  timestamp: number;
  /** Of the last header, as it stood there: absolute for format 0, else a difference. */
  timestampField: number;
  extended: boolean;
  length: number;
  type: number;
  streamId: number;
  /** The message that is being read; null between messages. */
  body: Uint8Array<ArrayBuffer> | null;
  filled: number;
}

/**
 * Bodies are views: of the slab when the message came in one chunk that has arrived whole, else of memory of its own.
 * Neither is written again, unless `rewind` is called. Set Chunk Size and Abort are obeyed and not given out.
 */
export class ChunkReader {
  #slab = new Uint8Array(minSlab);
  #start = 0;
  #end = 0;
  #grow = false;
  #chunkSize = defaultChunkSize;
  readonly #streams = new Map<number, ChunkStream>();
  /** The chunk whose payload is being read, and how much of that is missing. */
  #current: ChunkStream | null = null;
  #chunkLeft = 0;
  #partialBytes = 0;
  #received = 0;
  #cipher: Rc4 | null = null;

  /** Where the next read shall write; never empty. Tell with `filled` how much came. */
  space(): Uint8Array<ArrayBuffer> {
    if (this.#slab.length - this.#end < minSpace) {
      const size = this.#grow ? Math.min(this.#slab.length * 2, maxSlab) : this.#slab.length;
      const waiting = this.#end - this.#start;
      const slab = new Uint8Array(Math.max(size, waiting + minSpace));
      slab.set(this.#slab.subarray(this.#start, this.#end));
      this.#slab = slab;
      this.#start = 0;
      this.#end = waiting;
    }
    return this.#slab.subarray(this.#end);
  }

  filled(count: number): void {
    this.#cipher?.apply(this.#slab.subarray(this.#end, this.#end + count));
    this.#end += count;
    this.#received += count;
    this.#grow = this.#end === this.#slab.length;
  }

  /** Everything that has come, handshake included: what acknowledgements count. */
  get received(): number {
    return this.#received;
  }

  /** For the handshake: a copy of that many bytes, null when they have not come yet. */
  takeRaw(size: number): Uint8Array<ArrayBuffer> | null {
    if (this.#end - this.#start < size) return null;
    const bytes = this.#slab.slice(this.#start, this.#start + size);
    this.#start += size;
    return bytes;
  }

  /** The handshake is over: what has come since and what will come is encrypted. */
  decryptWith(cipher: Rc4): void {
    this.#cipher = cipher;
    cipher.apply(this.#slab.subarray(this.#start, this.#end));
  }

  /** To be called when no body that this reader gave out is kept: the slab is used from its start again. */
  rewind(): void {
    if (this.#start === 0) return;
    this.#slab.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** The next message; null when it is not complete yet. After a ParseError the stream cannot be read on. */
  next(): RawMessage | null {
    for (;;) {
      if (this.#current === null && !this.#readHeader()) return null;
      const message = this.#readPayload(this.#current!);
      if (message === null) {
        if (this.#current !== null) return null;
        continue;
      }
      if (!this.#obey(message)) return message;
    }
  }

  /** Begins a chunk; false when its header has not come whole. */
  #readHeader(): boolean {
    const slab = this.#slab;
    let at = this.#start;
    if (at === this.#end) return false;
    const format = slab[at] >> 6;
    let id = slab[at] & 0x3f;
    at++;
    if (id < 2) {
      const size = id + 1;
      if (at + size > this.#end) return false;
      id = 64 + slab[at] + (size === 2 ? slab[at + 1] << 8 : 0);
      at += size;
    }
    const headerSize = messageHeaderSizes[format];
    if (at + headerSize > this.#end) return false;
    const stream = this.#streamOf(id, format);
    const midMessage = stream.body !== null;
    const field = format === 3 ? stream.timestampField : u24(slab, at);
    const extended = format === 3 ? stream.extended : field === extendedTimestampMark;
    let time = field;
    let end = at + headerSize;
    if (extended) {
      if (end + 4 > this.#end) return false;
      const value = u32(slab, end);
      // A chunk of format 3 repeats the field (§5.3.1.3), but some encoders leave it away: it is there when it says
      // the same as before. Within a message some repeat the whole timestamp instead of the difference.
      const repeated = value === stream.timestampField || (midMessage && value === stream.timestamp);
      if (format !== 3) time = value;
      if (format !== 3 || repeated) end += 4;
    }
    if (midMessage && format !== 3) this.#drop(stream);
    if (format <= 1) {
      stream.length = u24(slab, at + 3);
      stream.type = slab[at + 6];
      if (format === 0) stream.streamId = u32Le(slab, at + 7);
      if (stream.length > maxMessageSize) {
        throw new ParseError("message length", `${stream.length} is above ${maxMessageSize}`);
      }
    }
    stream.timestampField = time;
    stream.extended = extended;
    if (stream.body === null) stream.timestamp = format === 0 ? time : (stream.timestamp + time) >>> 0;
    this.#start = end;
    this.#beginChunk(stream);
    return true;
  }

  #streamOf(id: number, format: number): ChunkStream {
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      // Some encoders begin a chunk stream with format 1, leaving only the message stream id unsaid.
      if (format > 1) throw new ParseError("chunk format", `${format} without a message before it`);
      if (this.#streams.size === maxChunkStreams) {
        throw new ParseError("chunk stream id", `more than ${maxChunkStreams} chunk streams`);
      }
      stream = {
        timestamp: 0,
        timestampField: 0,
        extended: false,
        length: 0,
        type: 0,
        streamId: 0,
        body: null,
        filled: 0,
      };
      this.#streams.set(id, stream);
    }
    return stream;
  }

  #beginChunk(stream: ChunkStream): void {
    const left = stream.length - stream.filled;
    this.#current = stream;
    this.#chunkLeft = Math.min(left, this.#chunkSize);
    if (stream.body === null) {
      const whole = stream.length <= this.#chunkSize && this.#end - this.#start >= stream.length;
      if (!whole) stream.body = new Uint8Array(Math.min(stream.length, firstPartialSize));
    }
  }

  /** Null with `#current` set: bytes are missing. Null without: the chunk is over, the message is not. */
  #readPayload(stream: ChunkStream): RawMessage | null {
    if (stream.body === null) {
      const body = this.#slab.subarray(this.#start, this.#start + stream.length);
      this.#start += stream.length;
      this.#current = null;
      return { type: stream.type, timestamp: stream.timestamp, streamId: stream.streamId, body };
    }
    const take = Math.min(this.#chunkLeft, this.#end - this.#start);
    this.#append(stream, take);
    this.#chunkLeft -= take;
    if (this.#chunkLeft > 0) return null;
    this.#current = null;
    if (stream.filled < stream.length) return null;
    const body = stream.body.subarray(0, stream.length);
    this.#drop(stream);
    return { type: stream.type, timestamp: stream.timestamp, streamId: stream.streamId, body };
  }

  #append(stream: ChunkStream, take: number): void {
    this.#partialBytes += take;
    if (this.#partialBytes > maxPartialBytes) {
      throw new ParseError("chunk", `unfinished messages hold more than ${maxPartialBytes} bytes`);
    }
    let body = stream.body!;
    const filled = stream.filled + take;
    if (filled > body.length) {
      const larger = new Uint8Array(Math.min(stream.length, Math.max(2 * body.length, filled)));
      larger.set(body.subarray(0, stream.filled));
      stream.body = body = larger;
    }
    body.set(this.#slab.subarray(this.#start, this.#start + take), stream.filled);
    stream.filled = filled;
    this.#start += take;
  }

  /** Forgets the message that is being read. */
  #drop(stream: ChunkStream): void {
    this.#partialBytes -= stream.filled;
    stream.body = null;
    stream.filled = 0;
  }

  /** True for the messages that concern the reading itself (§5.4.1, §5.4.2). */
  #obey(message: RawMessage): boolean {
    const { type, body } = message;
    if (type !== MessageType.setChunkSize && type !== MessageType.abort) return false;
    if (body.length < 4) {
      throw new ParseError("protocol control message", `has ${body.length} bytes instead of 4`);
    }
    const value = u32(body, 0);
    if (type === MessageType.abort) {
      const stream = this.#streams.get(value);
      if (stream !== undefined) this.#drop(stream);
      return true;
    }
    if (value === 0 || value > 0x7fffffff) throw new ParseError("chunk size", `${value} is out of range`);
    this.#chunkSize = Math.min(value, maxChunkSize);
    return true;
  }
}

function u24(bytes: Uint8Array, at: number): number {
  return bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
}

function u32Le(bytes: Uint8Array, at: number): number {
  return (bytes[at + 3] << 24 | bytes[at + 2] << 16 | bytes[at + 1] << 8 | bytes[at]) >>> 0;
}
