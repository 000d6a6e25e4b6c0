/** HTTP requests of the server's own: to people's programs that it asks or tells something. */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { errorText, UserError } from "../../base/errors.ts";
import { connectPinned } from "../tcp/pinned.ts";

/** Connections that are kept for the next request, and for how long. */
const maxIdle = 8;
const idleMs = 30_000;

/** One request. */
export interface HttpCall {
  readonly method: "GET" | "POST";
  /** May hold a user and a password, which are sent as Basic credentials (RFC 7617). */
  readonly url: string;
  /** JSON. */
  readonly body?: string;
  /** From now to the end of the answer's body. */
  readonly timeoutMs: number;
  /** Of the answer's body; the rest is not read. */
  readonly maxBytes: number;
}

/** What came back. */
export interface HttpReply {
  readonly status: number;
  /** Where it points to; redirects are never followed here, since they would take the body along. */
  readonly location: string | null;
  /** Null when it was longer than asked for. */
  readonly body: Uint8Array | null;
}

/** A request that is ready to be sent; the URL holds no credentials anymore. */
interface Prepared {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Keeps its connections for further requests until `close`. With a fingerprint, HTTPS servers are known by their
 * certificate, which is checked before a byte of a request leaves; without, it must be valid for the host name.
 */
export class HttpClient implements Disposable {
  readonly #closing = new AbortController();
  readonly #transport: Transport | null;
  readonly #plain = new FetchTransport();

  /** `fingerprint`: SHA-256, hexadecimal, colons allowed; may be empty. */
  constructor(fingerprint: string) {
    this.#transport = fingerprint === "" ? null : new PinnedTransport(fingerprint);
  }

  /** Throws UserError, whose text holds nothing of the URL. */
  async send(call: HttpCall): Promise<HttpReply> {
    const url = parseUrl(call.url);
    const headers: Record<string, string> = { accept: "application/json, */*" };
    if (call.body !== undefined) headers["content-type"] = "application/json";
    if (url.username !== "" || url.password !== "") headers["authorization"] = basic(url);
    url.username = url.password = url.hash = "";
    const { method, body, maxBytes } = call;
    // A signal of its own, so that the time-out's timer does not outlive the call.
    const abort = new AbortController();
    const stop = () => abort.abort();
    const timer = setTimeout(stop, call.timeoutMs);
    this.#closing.signal.addEventListener("abort", stop);
    if (this.#closing.signal.aborted) stop();
    const transport = url.protocol === "https:" ? this.#transport ?? this.#plain : this.#plain;
    try {
      return await transport.send({ url, method, headers, body, maxBytes, signal: abort.signal });
    } catch (error) {
      if (this.#closing.signal.aborted) throw new UserError("canceled");
      if (abort.signal.aborted) throw new UserError(`no answer within ${call.timeoutMs / 1000} seconds`);
      throw new UserError(withoutUrl(errorText(error), url));
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener("abort", stop);
    }
  }

  /** Requests that are under way fail. */
  close(): void {
    this.#closing.abort();
    this.#transport?.close();
    this.#plain.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UserError("not an HTTP or HTTPS URL");
  return url;
}

function basic(url: URL): string {
  const text = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The query may be a secret. */
function withoutUrl(text: string, url: URL): string {
  const cut = text.replaceAll(` for url (${url.href})`, "");
  return url.search.length > 1 && cut.includes(url.search) ? "error sending request" : cut;
}

interface Transport {
  send(prepared: Prepared): Promise<HttpReply>;
  close(): void;
}

/** Deno's own client. */
class FetchTransport implements Transport {
  #client: Deno.HttpClient | null = null;

  async send({ url, method, headers, body, maxBytes, signal }: Prepared): Promise<HttpReply> {
    this.#client ??= Deno.createHttpClient({ poolMaxIdlePerHost: maxIdle, poolIdleTimeout: idleMs });
    const response = await fetch(url, {
      client: this.#client,
      method,
      headers,
      redirect: "manual",
      signal,
      ...(body !== undefined && { body }),
    });
    const read = new LimitedBody(maxBytes);
    for await (const chunk of response.body ?? []) if (!read.add(chunk)) break;
    return { status: response.status, location: response.headers.get("location"), body: read.bytes };
  }

  close(): void {
    this.#client?.close();
  }
}

/** Node's client, since it lets us look at the certificate. */
class PinnedTransport implements Transport {
  readonly #agent: Agent;

  constructor(fingerprint: string) {
    this.#agent = new PinnedAgent(fingerprint);
  }

  send({ url, method, headers, body, maxBytes, signal }: Prepared): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new UserError("canceled"));
      const bytes = Buffer.from(body ?? "");
      const request = httpsRequest(url, {
        method,
        agent: this.#agent,
        headers: { ...headers, ...(body !== undefined && { "content-length": String(bytes.length) }) },
      });
      const stop = () => request.destroy(new UserError("canceled"));
      const settled = () => signal.removeEventListener("abort", stop);
      signal.addEventListener("abort", stop);
      request.on("error", (error) => {
        settled();
        reject(error);
      });
      request.on("response", (response) => {
        readAnswer(response, maxBytes).then(resolve, reject).finally(settled);
      });
      request.end(bytes);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<HttpReply> {
  const read = new LimitedBody(maxBytes);
  for await (const chunk of response as AsyncIterable<Uint8Array>) if (!read.add(chunk)) break;
  return { status: response.statusCode ?? 0, location: response.headers.location ?? null, body: read.bytes };
}

class PinnedAgent extends Agent {
  readonly #closing = new AbortController();

  constructor(private readonly fingerprint: string) {
    super({ keepAlive: true, maxFreeSockets: maxIdle, timeout: idleMs });
  }

  override createConnection(
    options: { readonly host?: string | null; readonly port?: string | number | null },
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    const { fingerprint } = this;
    const hostname = (options.host ?? "").replace(/^\[(.*)\]$/, "$1");
    const port = Number(options.port ?? 443);
    connectPinned({ hostname, port, fingerprint }, this.#closing.signal)
      .then((socket) => callback?.(null, socket), (error) => callback?.(error, undefined as never));
    // The connection comes through the callback, which the type does not know.
    return undefined as never;
  }

  override destroy(): void {
    this.#closing.abort();
    super.destroy();
  }
}

class LimitedBody {
  #chunks: Uint8Array[] | null = [];
  #left: number;

  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  /** False when it is too much. */
  add(chunk: Uint8Array): boolean {
    this.#left -= chunk.length;
    if (this.#left < 0) this.#chunks = null;
    this.#chunks?.push(chunk);
    return this.#chunks !== null;
  }

  get bytes(): Uint8Array | null {
    return this.#chunks === null ? null : Buffer.concat(this.#chunks);
  }
}
