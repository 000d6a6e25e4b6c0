/** RTMP 1.0 §5.3: chunks back to messages, of which only the first bytes are kept. */

/** Bytes of a message that are kept: a control message, a command, or a video tag up to the publisher's stamp. */
export const headSize = 512;
const initialChunkSize = 128;
const maxHeaderSize = 18;
const maxChunkStreams = 64;
const extendedTimestamp = 0xffffff;
/** Sizes of the message header, by the chunk's format. */
const messageHeaderSizes = [11, 7, 3, 0];

export const messageTypes = {
  setChunkSize: 1,
  abort: 2,
  userControl: 4,
  windowSize: 5,
  video: 9,
  command: 20,
} as const;

export interface MessageSink {
  /** `head` holds the first min(length, headSize) bytes; it is reused after the call. */
  message(type: number, timestamp: number, length: number, head: Uint8Array): void;
}

interface ChunkStream {
  type: number;
  length: number;
  timestamp: number;
  /** The last timestamp field: an absolute time or a difference. */
  field: number;
  isExtended: boolean;
  received: number;
  readonly head: Uint8Array;
}

const u24 = (bytes: Uint8Array, at: number) => bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
const u32 = (bytes: Uint8Array, at: number) => (bytes[at] << 24 | u24(bytes, at + 1)) >>> 0;

/** One reader's chunk streams. Takes the connection's bytes in pieces of any size. */
export class ChunkReader {
  #chunkSize = initialChunkSize;
  readonly #streams = new Map<number, ChunkStream>();
  /** A header that was cut. */
  readonly #stash = new Uint8Array(maxHeaderSize);
  #stashed = 0;
  #current: ChunkStream | undefined;
  #left = 0;

  constructor(private readonly sink: MessageSink) {}

  /** Throws when the bytes are no chunk stream: nothing can be found again. */
  push(bytes: Uint8Array, at: number, end: number): void {
    while (at < end) {
      at = this.#left > 0 && this.#current !== undefined
        ? this.#payload(this.#current, bytes, at, end)
        : this.#header(bytes, at, end);
    }
  }

  #header(bytes: Uint8Array, at: number, end: number): number {
    if (this.#stashed === 0) {
      const size = this.#headerSize(bytes, at, end - at);
      if (size > 0) {
        this.#begin(bytes, at);
        return at + size;
      }
    }
    while (at < end) {
      this.#stash[this.#stashed++] = bytes[at++];
      if (this.#headerSize(this.#stash, 0, this.#stashed) === 0) continue;
      this.#stashed = 0;
      this.#begin(this.#stash, 0);
      break;
    }
    return at;
  }

  /** 0 when the header is not complete. */
  #headerSize(bytes: Uint8Array, at: number, available: number): number {
    const basic = basicHeaderSize(bytes[at]);
    const format = bytes[at] >> 6;
    const plain = basic + messageHeaderSizes[format];
    if (available < plain) return 0;
    const isExtended = format === 3
      ? this.#streams.get(chunkStreamId(bytes, at))?.isExtended === true
      : u24(bytes, at + basic) === extendedTimestamp;
    const size = isExtended ? plain + 4 : plain;
    return available < size ? 0 : size;
  }

  #begin(bytes: Uint8Array, at: number): void {
    const format = bytes[at] >> 6;
    const stream = this.#stream(chunkStreamId(bytes, at), format);
    at += basicHeaderSize(bytes[at]);
    const isNew = stream.received === 0;
    if (!isNew && format !== 3) throw new Error("a message begins in the middle of another");
    if (format <= 1) {
      stream.length = u24(bytes, at + 3);
      stream.type = bytes[at + 6];
    }
    if (format <= 2) {
      stream.field = u24(bytes, at);
      stream.isExtended = stream.field === extendedTimestamp;
      if (stream.isExtended) stream.field = u32(bytes, at + messageHeaderSizes[format]);
    }
    if (isNew) stream.timestamp = format === 0 ? stream.field : (stream.timestamp + stream.field) >>> 0;
    this.#current = stream;
    this.#left = Math.min(this.#chunkSize, stream.length - stream.received);
    if (stream.length === 0) this.#complete(stream);
  }

  #stream(id: number, format: number): ChunkStream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    if (format !== 0) throw new Error(`chunk stream ${id} begins without a full header`);
    if (this.#streams.size >= maxChunkStreams) throw new Error("too many chunk streams");
    const head = new Uint8Array(headSize);
    const stream = { type: 0, length: 0, timestamp: 0, field: 0, isExtended: false, received: 0, head };
    this.#streams.set(id, stream);
    return stream;
  }

  #payload(stream: ChunkStream, bytes: Uint8Array, at: number, end: number): number {
    const size = Math.min(this.#left, end - at);
    const wanted = Math.min(size, headSize - stream.received);
    if (wanted > 0) stream.head.set(bytes.subarray(at, at + wanted), stream.received);
    stream.received += size;
    this.#left -= size;
    if (stream.received === stream.length) this.#complete(stream);
    return at + size;
  }

  #complete(stream: ChunkStream): void {
    stream.received = 0;
    const { type, head } = stream;
    if (type === messageTypes.setChunkSize) this.#chunkSize = Math.max(1, u32(head, 0) & 0x7fffffff);
    else if (type === messageTypes.abort) this.#abort(u32(head, 0));
    else this.sink.message(type, stream.timestamp, stream.length, head);
  }

  #abort(id: number): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) stream.received = 0;
  }
}

function basicHeaderSize(first: number): number {
  const id = first & 0x3f;
  return id === 0 ? 2 : id === 1 ? 3 : 1;
}

function chunkStreamId(bytes: Uint8Array, at: number): number {
  const id = bytes[at] & 0x3f;
  if (id === 0) return 64 + bytes[at + 1];
  return id === 1 ? 64 + bytes[at + 1] + 256 * bytes[at + 2] : id;
}
