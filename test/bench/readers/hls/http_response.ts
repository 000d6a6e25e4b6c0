/** HTTP/1.1 answers (RFC 9112), one at a time, in pieces of any size: a length or chunks, no pipelining. */

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; the last one counts when a name comes twice. */
  readonly headers: ReadonlyMap<string, string>;
  /** The values of `Set-Cookie`, without attributes. */
  readonly cookies: readonly (readonly [name: string, value: string])[];
  readonly bodyBytes: number;
  /** As much of the body's beginning as was asked for. */
  readonly body: Uint8Array;
  readonly keepsAlive: boolean;
}

const maxHeaderBytes = 16 * 1024;
const maxChunkLine = 64;
const decoder = new TextDecoder();

type Phase = "header" | "body" | "chunkLine" | "chunk" | "chunkEnd" | "trailer";

export class HttpResponseParser {
  #phase: Phase = "header";
  #keep = 0;
  #text = new Uint8Array(1024);
  #textSize = 0;
  #head: Omit<HttpResponse, "body" | "bodyBytes"> | undefined;
  #left = 0;
  #body = new Uint8Array(0);
  #kept = 0;
  #bodyBytes = 0;

  /** Before each answer: how many bytes of its body are wanted. */
  begin(keep: number): void {
    this.#phase = "header";
    this.#keep = keep;
    this.#textSize = 0;
    this.#kept = 0;
    this.#bodyBytes = 0;
    this.#head = undefined;
  }

  /** The answer once its last byte is there. Throws when it is none, or when something follows it. */
  push(bytes: Uint8Array, at: number, end: number): HttpResponse | null {
    while (at < end) {
      switch (this.#phase) {
        case "header":
          at = this.#line(bytes, at, end, maxHeaderBytes, isHeaderEnd);
          if (isHeaderEnd(this.#text, this.#textSize)) this.#header();
          break;
        case "chunkLine":
          at = this.#line(bytes, at, end, maxChunkLine, isLineEnd);
          if (isLineEnd(this.#text, this.#textSize)) this.#chunkLine();
          break;
        case "chunkEnd":
        case "trailer":
          at = this.#line(bytes, at, end, maxChunkLine, isLineEnd);
          if (!isLineEnd(this.#text, this.#textSize)) break;
          if (this.#phase === "trailer") return this.#done(at, end);
          this.#next("chunkLine");
          break;
        case "body":
        case "chunk":
          at = this.#take(bytes, at, end);
          if (this.#left > 0) break;
          if (this.#phase === "body") return this.#done(at, end);
          this.#next("chunkEnd");
      }
      if (this.#phase === "body" && this.#left === 0) return this.#done(at, end);
    }
    return null;
  }

  #next(phase: Phase): void {
    this.#phase = phase;
    this.#textSize = 0;
  }

  #line(
    bytes: Uint8Array,
    at: number,
    end: number,
    limit: number,
    isEnd: (text: Uint8Array, size: number) => boolean,
  ): number {
    while (at < end) {
      if (this.#textSize === limit) throw new Error("a header that is too long");
      if (this.#textSize === this.#text.length) this.#text = grown(this.#text, limit);
      this.#text[this.#textSize++] = bytes[at++];
      if (isEnd(this.#text, this.#textSize)) break;
    }
    return at;
  }

  #header(): void {
    const head = parseHead(decoder.decode(this.#text.subarray(0, this.#textSize - 4)));
    this.#head = head;
    if (head.headers.get("transfer-encoding")?.toLowerCase() === "chunked") return this.#next("chunkLine");
    const length = Number(head.headers.get("content-length") ?? 0);
    if (!Number.isSafeInteger(length) || length < 0) throw new Error("a content length that is no number");
    this.#left = head.status === 204 || head.status === 304 ? 0 : length;
    this.#next("body");
    const wanted = Math.min(this.#left, this.#keep);
    if (this.#body.length < wanted) this.#body = new Uint8Array(wanted);
  }

  #chunkLine(): void {
    const text = decoder.decode(this.#text.subarray(0, this.#textSize)).split(";")[0].trim();
    if (!/^[0-9a-fA-F]{1,8}$/.test(text)) throw new Error(`'${text}' is not the size of a chunk`);
    this.#left = parseInt(text, 16);
    this.#next(this.#left === 0 ? "trailer" : "chunk");
  }

  #take(bytes: Uint8Array, at: number, end: number): number {
    const size = Math.min(this.#left, end - at);
    const wanted = Math.min(size, this.#keep - this.#kept);
    if (wanted > 0) {
      while (this.#kept + wanted > this.#body.length) this.#body = grown(this.#body, this.#keep);
      this.#body.set(bytes.subarray(at, at + wanted), this.#kept);
      this.#kept += wanted;
    }
    this.#left -= size;
    this.#bodyBytes += size;
    return at + size;
  }

  #done(at: number, end: number): HttpResponse {
    if (at < end) throw new Error("bytes after an answer");
    if (this.#head === undefined) throw new Error("an answer without a header");
    return { ...this.#head, bodyBytes: this.#bodyBytes, body: this.#body.subarray(0, this.#kept) };
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>, limit: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.min(limit, Math.max(1024, 2 * bytes.length)));
  out.set(bytes);
  return out;
}

function isLineEnd(text: Uint8Array, size: number): boolean {
  return size >= 2 && text[size - 1] === 0x0a && text[size - 2] === 0x0d;
}

function isHeaderEnd(text: Uint8Array, size: number): boolean {
  return size >= 4 && isLineEnd(text, size) && isLineEnd(text, size - 2);
}

function parseHead(text: string): Omit<HttpResponse, "body" | "bodyBytes"> {
  const [statusLine, ...lines] = text.split("\r\n");
  const match = statusLine.match(/^HTTP\/1\.([01]) (\d{3})/);
  if (match === null) throw new Error("not an answer of HTTP/1.1");
  const headers = new Map<string, string>();
  const cookies: [string, string][] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers.set(name, value);
    const cookie = name === "set-cookie" ? value.match(/^([^=;]+)=([^;]*)/) : null;
    if (cookie !== null) cookies.push([cookie[1], cookie[2]]);
  }
  const keepsAlive = match[1] === "1" && headers.get("connection")?.toLowerCase() !== "close";
  return { status: Number(match[2]), headers, cookies, keepsAlive };
}
