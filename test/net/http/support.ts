import { createLogger } from "../../../src/base/logger.ts";
import { type HttpHandler, HttpServer, type HttpServerOptions } from "../../../src/net/http/mod.ts";
import { createSelfSignedCertificate } from "../../../src/net/self_signed.ts";
import { guarded } from "../../support/guarded.ts";

const day = 86_400_000;

export function selfSigned(commonName = "localhost") {
  const now = Date.now();
  return createSelfSignedCertificate({
    commonName,
    hosts: ["localhost", "127.0.0.1"],
    notBefore: now - day,
    notAfter: now + day,
  });
}

export class TestServer implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly server: HttpServer;

  constructor(handle: HttpHandler, options: Partial<HttpServerOptions> = {}) {
    this.server = new HttpServer({
      address: "127.0.0.1:0",
      certificates: null,
      allowOrigins: ["*"],
      allowMethods: "OPTIONS, GET",
      allowHeaders: "Authorization, Range",
      trustedProxies: [],
      serverName: "test",
      readTimeoutMs: 10_000,
      writeTimeoutMs: 10_000,
      logger: createLogger((level, text) => void this.lines.push(`${level} ${text}`), () => true),
      handle,
      ...options,
    });
  }

  get port(): number {
    return this.server.port!;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.close();
  }
}

/** A client that writes what it is told and reads when it is told. */
export class RawClient implements Disposable {
  readonly #buffer = new Uint8Array(64 * 1024);
  #closed = false;

  constructor(readonly conn: Deno.Conn) {}

  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await this.conn.write(bytes.subarray(at));
  }

  /** What has come until the text matches, or until the end. */
  async readUntil(pattern: RegExp): Promise<string> {
    let text = "";
    while (!pattern.test(text)) {
      const count = await guarded("the server", this.conn.read(this.#buffer).catch(() => null));
      if (count === null) return `${text}<end>`;
      text += new TextDecoder("latin1").decode(this.#buffer.subarray(0, count));
    }
    return text;
  }

  /** Everything until the server closes. */
  readAll(): Promise<string> {
    return this.readUntil(/(?!)/);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.conn.close();
  }
}

/** One request over a connection of its own; the answer's head. */
export async function ask(port: number, request: string): Promise<string> {
  using client = await RawClient.connect(port);
  await client.send(request);
  const head = await client.readUntil(/\r\n\r\n/);
  return head.split("\r\n\r\n")[0];
}

export function get(path: string, headers: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, "Host: h", ...headers, "", ""].join("\r\n");
}
