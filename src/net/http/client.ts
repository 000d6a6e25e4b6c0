/** HTTP requests of the server's own: to people's programs that it asks or tells something. */
import { Buffer } from "node:buffer";
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { errorText, UserError } from "../../base/errors.ts";
import { connectPinned } from "../tcp/pinned.ts";

/** Connections are kept for the next request. */
const agentOptions = { keepAlive: true, maxFreeSockets: 8, timeout: 30_000 };

/** One request. */
export interface HttpCall {
  readonly method: "GET" | "POST";
  /** May hold a user and a password, which are sent as Basic credentials (RFC 7617). */
  readonly url: string;
  /** JSON. */
  readonly body?: string;
  /** Further ones, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
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
  readonly body: Uint8Array | null;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Keeps its connections for further requests until `close`. With a fingerprint, HTTPS servers are known by their
 * certificate, which is checked before a byte of a request leaves; without, it must be valid for the host name.
 * Made of node's client: `fetch` cannot look at certificates, and refuses ports that browsers must not use.
 */
export class HttpClient implements Disposable {
  readonly #closing = new AbortController();
  readonly #plain = new HttpAgent(agentOptions);
  readonly #secure: HttpsAgent;

  /** `fingerprint`: SHA-256, hexadecimal, colons allowed; may be empty. */
  constructor(fingerprint: string) {
    this.#secure = fingerprint === "" ? new HttpsAgent(agentOptions) : new PinnedAgent(fingerprint);
  }

  /** Throws UserError, whose text holds nothing secret of the URL. */
  async send(call: HttpCall): Promise<HttpReply> {
    const { method, maxBytes, timeoutMs } = call;
    const url = parseUrl(call.url);
    const body = call.body === undefined ? null : new TextEncoder().encode(call.body);
    const headers: Record<string, string> = { accept: "application/json, */*", ...call.headers };
    if (body !== null) {
      headers["content-type"] = "application/json";
      headers["content-length"] = String(body.length);
    }
    if (url.username !== "" || url.password !== "") headers["authorization"] = basic(url);
    url.username = url.password = url.hash = "";
    const abort = new AbortController();
    const stop = () => abort.abort();
    const timer = setTimeout(stop, timeoutMs);
    this.#closing.signal.addEventListener("abort", stop);
    if (this.#closing.signal.aborted) stop();
    try {
      return await this.#exchange({ url, method, headers, body, maxBytes, signal: abort.signal });
    } catch (error) {
      if (this.#closing.signal.aborted) throw new UserError("canceled");
      if (abort.signal.aborted) throw new UserError(`no answer within ${timeoutMs / 1000} seconds`);
      throw new UserError(errorText(error));
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener("abort", stop);
    }
  }

  /** Requests that are under way fail. */
  close(): void {
    this.#closing.abort();
    this.#plain.destroy();
    this.#secure.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #exchange(prepared: Prepared): Promise<HttpReply> {
    for (;;) {
      try {
        return await this.#exchangeOnce(prepared);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
      }
    }
  }

  #exchangeOnce({ url, method, headers, body, maxBytes, signal }: Prepared): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new UserError("canceled"));
      const isSecure = url.protocol === "https:";
      // The agent gets all of them: a connection that it still makes for this request must end with it.
      const secureOptions: PinnedRequest = { method, headers, agent: this.#secure, abandoned: signal };
      const request = isSecure
        ? httpsRequest(url, secureOptions)
        : httpRequest(url, { method, headers, agent: this.#plain });
      const stop = () => {
        request.destroy();
        reject(new UserError("canceled"));
      };
      const settled = () => signal.removeEventListener("abort", stop);
      signal.addEventListener("abort", stop);
      let answered = false;
      request.on("error", (error) => {
        settled();
        reject(request.reusedSocket && !answered && !signal.aborted ? new StaleConnection() : error);
      });
      request.on("response", (response) => {
        answered = true;
        readAnswer(response, maxBytes).then(resolve, reject).finally(settled);
      });
      request.end(body ?? undefined);
    });
  }
}

/** The server has closed a connection that was kept while we were about to use it again. */
class StaleConnection extends Error {}

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

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<HttpReply> {
  const read = new LimitedBody(maxBytes);
  for await (const chunk of response as AsyncIterable<Uint8Array>) if (!read.add(chunk)) break;
  return { status: response.statusCode ?? 0, location: response.headers.location ?? null, body: read.bytes };
}

/** Options of node's own do not reach the agent when they are about the request alone. */
interface PinnedRequest extends RequestOptions {
  readonly abandoned: AbortSignal;
}

class PinnedAgent extends HttpsAgent {
  readonly #closing = new AbortController();

  constructor(private readonly fingerprint: string) {
    super(agentOptions);
  }

  override createConnection(
    options: {
      readonly host?: string | null;
      readonly port?: string | number | null;
      /** Of the request that needs the connection. */
      readonly abandoned?: AbortSignal;
    },
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    const { fingerprint } = this;
    const hostname = (options.host ?? "").replace(/^\[(.*)\]$/, "$1");
    const port = Number(options.port ?? 443);
    const closing = this.#closing.signal;
    const { abandoned } = options;
    const signal = abandoned === undefined ? closing : AbortSignal.any([closing, abandoned]);
    connectPinned({ hostname, port, fingerprint }, signal)
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
