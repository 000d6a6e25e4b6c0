/**
 * Requests, responses and interleaved frames out of a growing stream of bytes, cut anywhere.
 *
 * ```ts
 * const reader = new MessageReader();
 * for (let n = await conn.read(reader.space()); n !== null; n = await conn.read(reader.space())) {
 *   reader.filled(n);
 *   for (let message = reader.next(); message !== null; message = reader.next()) …
 *   reader.rewind();
 * }
 * ```
 */
import { ParseError } from "../../../base/errors.ts";
import { HeaderMap } from "./header_map.ts";
import { contentLength, maxHeaderLine, parseHeaderLine } from "./headers.ts";
import { interleavedHeaderSize, interleavedMagic } from "./interleaved.ts";
import { parseRequestLine, type RequestLine, type RtspRequest } from "./request.ts";
import { parseStatusLine, type RtspResponse, type StatusLine } from "./response.ts";

/** Longest request or status line in bytes: a URL may carry a token in its query. */
export const maxStartLine = 8192;
/** Most bytes of all header lines of one message together. */
export const maxHead = 64 * 1024;

/** A connection that only sends requests stays with the smallest buffer; a publisher's grows with its reads. */
const minSlab = 2048;
const maxSlab = 256 * 1024;
/** Reads shorter than this would cost more than a new slab. */
const minSpace = 1024;

/** `frame`: look at `channel` and `payload` of the reader before asking for the next message. */
export type RtspMessage =
  | { readonly kind: "frame" }
  | { readonly kind: "request"; readonly request: RtspRequest }
  | { readonly kind: "response"; readonly response: RtspResponse };

const frame: RtspMessage = { kind: "frame" };
const noBytes = new Uint8Array(0);
const lf = 0x0a;
const cr = 0x0d;
const decoder = new TextDecoder();

type Head =
  | { readonly kind: "request"; readonly line: RequestLine; readonly headers: HeaderMap }
  | { readonly kind: "response"; readonly line: StatusLine; readonly headers: HeaderMap };

/**
 * Reads into slabs. The payload of a frame is a view into the slab, which is never written again unless `rewind`
 * says that no view is kept; the bodies of requests and responses are copies. No object is made per frame but the view.
 */
export class MessageReader {
  /** Of the last frame. */
  channel = 0;
  /** Of the last frame: a view into the slab. */
  payload: Uint8Array<ArrayBuffer> = noBytes;

  #slab = new Uint8Array(minSlab);
  #start = 0;
  #end = 0;
  /** Where the search for a line's end goes on. */
  #searched = 0;
  #head: Head | undefined;
  #headSize = 0;
  #body: Uint8Array<ArrayBuffer> = noBytes;
  #bodyFilled = -1;
  #grow = false;

  /** Unread bytes that are waiting for the rest of their message. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** Where the next read shall write; never empty. Tell with `filled` how much came. */
  space(): Uint8Array<ArrayBuffer> {
    const needed = this.#neededSize();
    if (this.#slab.length - this.#end < minSpace || this.#slab.length - this.#start < needed) {
      const size = this.#grow ? Math.min(this.#slab.length * 2, maxSlab) : this.#slab.length;
      this.#replaceSlab(Math.max(size, needed, this.pending + minSpace));
    }
    return this.#slab.subarray(this.#end);
  }

  filled(count: number): void {
    this.#end += count;
    this.#grow = this.#end === this.#slab.length;
  }

  /** For bytes that were read elsewhere, e.g. out of a tunnel: copies them in. */
  push(bytes: Uint8Array): void {
    if (this.#slab.length - this.#end < bytes.length) {
      this.#replaceSlab(Math.max(this.#slab.length, this.pending + bytes.length + minSpace));
    }
    this.#slab.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** To be called when no payload that this reader gave out is kept: the slab is used from its start again. */
  rewind(): void {
    if (this.#start === 0) return;
    this.#slab.copyWithin(0, this.#start, this.#end);
    this.#moved();
  }

  /** The unread bytes, which this reader forgets: when another protocol (a tunnel) goes on with the connection. */
  takeRest(): Uint8Array<ArrayBuffer> {
    const rest = this.#slab.slice(this.#start, this.#end);
    this.#start = this.#searched = this.#end;
    return rest;
  }

  /** The next message; null when it is not complete yet. After a ParseError the stream cannot be read on. */
  next(): RtspMessage | null {
    if (this.#head === undefined) {
      this.#skipLineEnds();
      if (this.#start === this.#end) return null;
      if (this.#slab[this.#start] === interleavedMagic) return this.#nextFrame();
      if (!this.#readStartLine()) return null;
    }
    if (this.#bodyFilled < 0 && !this.#readHeaders()) return null;
    return this.#readBody();
  }

  #nextFrame(): RtspMessage | null {
    const slab = this.#slab;
    const start = this.#start;
    if (this.#end - start < interleavedHeaderSize) return null;
    const from = start + interleavedHeaderSize;
    const to = from + (slab[start + 2] << 8 | slab[start + 3]);
    if (to > this.#end) return null;
    this.channel = slab[start + 1];
    this.payload = slab.subarray(from, to);
    this.#start = this.#searched = to;
    return frame;
  }

  /** Empty lines between messages are allowed (RFC 2326 §4.1 by way of RFC 2616 §4.1). */
  #skipLineEnds(): void {
    while (this.#start < this.#end && (this.#slab[this.#start] === cr || this.#slab[this.#start] === lf)) {
      this.#start++;
    }
    if (this.#searched < this.#start) this.#searched = this.#start;
  }

  #readStartLine(): boolean {
    const first = this.#slab[this.#start] | 0x20;
    if (first < 0x61 || first > 0x7a) {
      const text = `0x${this.#slab[this.#start].toString(16).padStart(2, "0")}`;
      throw new ParseError("message", `starts with byte ${text}, neither text nor an interleaved frame`);
    }
    const line = this.#readLine("start line", maxStartLine);
    if (line === null) return false;
    const headers = new HeaderMap();
    this.#head = /^(rtsp|http)\//i.test(line)
      ? { kind: "response", line: parseStatusLine(line), headers }
      : { kind: "request", line: parseRequestLine(line), headers };
    this.#headSize = 0;
    return true;
  }

  #readHeaders(): boolean {
    const head = this.#head!;
    for (;;) {
      const before = this.#start;
      const line = this.#readLine("header", maxHeaderLine);
      if (line === null) return false;
      if (line === "") break;
      this.#headSize += this.#start - before;
      if (this.#headSize > maxHead) throw new ParseError("header", `more than ${maxHead} bytes`);
      parseHeaderLine(line, head.headers);
    }
    const size = head.line.protocol === "HTTP" ? 0 : contentLength(head.headers);
    this.#body = size === 0 ? noBytes : new Uint8Array(size);
    this.#bodyFilled = 0;
    return true;
  }

  #readBody(): RtspMessage | null {
    const head = this.#head!;
    const body = this.#body;
    const take = Math.min(body.length - this.#bodyFilled, this.#end - this.#start);
    body.set(this.#slab.subarray(this.#start, this.#start + take), this.#bodyFilled);
    this.#bodyFilled += take;
    this.#start += take;
    this.#searched = this.#start;
    if (this.#bodyFilled < body.length) return null;
    this.#head = undefined;
    this.#body = noBytes;
    this.#bodyFilled = -1;
    return head.kind === "request"
      ? { kind: "request", request: { ...head.line, headers: head.headers, body } }
      : { kind: "response", response: { ...head.line, headers: head.headers, body } };
  }

  /** A line without its end, CRLF or LF alone; null when its end has not come yet. */
  #readLine(field: string, limit: number): string | null {
    const found = this.#slab.subarray(this.#searched, this.#end).indexOf(lf);
    const complete = found >= 0;
    const to = complete ? this.#searched + found : this.#end;
    if (to - this.#start > limit + 1) throw new ParseError(field, `longer than ${limit} bytes`);
    if (!complete) {
      this.#searched = this.#end;
      return null;
    }
    const text = to > this.#start && this.#slab[to - 1] === cr ? to - 1 : to;
    const line = decoder.decode(this.#slab.subarray(this.#start, text));
    this.#start = this.#searched = to + 1;
    return line;
  }

  /** How large a slab must be for the message at its start. */
  #neededSize(): number {
    const start = this.#start;
    if (this.#head !== undefined || this.#end - start < interleavedHeaderSize) return 0;
    if (this.#slab[start] !== interleavedMagic) return 0;
    return interleavedHeaderSize + (this.#slab[start + 2] << 8 | this.#slab[start + 3]);
  }

  #replaceSlab(size: number): void {
    const slab = new Uint8Array(size);
    slab.set(this.#slab.subarray(this.#start, this.#end));
    this.#slab = slab;
    this.#moved();
  }

  #moved(): void {
    this.#end -= this.#start;
    this.#searched -= this.#start;
    this.#start = 0;
  }
}
