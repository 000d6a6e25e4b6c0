import type { Target } from "../../target.ts";
import type { ReaderContext } from "../kinds.ts";
import type { HttpConnection } from "./http_connection.ts";
import type { HttpResponse } from "./http_response.ts";
import { parseMultivariant } from "./playlist.ts";
import { Rendition, type RenditionHost } from "./rendition.ts";

const maxRedirects = 5;
const maxPlaylistBytes = 1024 * 1024;
const decoder = new TextDecoder();

/** A path is played through its multivariant playlist; a URL that names a playlist is taken as it is. */
export function multivariantUrl(target: Target): URL {
  const url = new URL(target.path, `http://${target.host}:${target.port}`);
  if (!url.pathname.endsWith(".m3u8")) url.pathname = `${url.pathname.replace(/\/$/, "")}/index.m3u8`;
  return url;
}

/** One low-latency player: the multivariant playlist, then the first variant and its sound. */
export class HlsPlayer implements RenditionHost {
  readonly #cookies = new Map<string, string>();
  readonly #renditions: Rendition[] = [];
  #cookieText = "";
  #bytes = 0;
  #redirects = 0;
  #hasStarted = false;
  /** Why it does not play; empty as long as it does or may. */
  failure = "";

  constructor(
    private readonly context: ReaderContext,
    readonly reader: number,
    readonly connect: () => HttpConnection,
    readonly now: () => number,
  ) {}

  get columns() {
    return this.context.columns;
  }

  get meter() {
    return this.context.meter;
  }

  get hasSettled(): boolean {
    return this.#hasStarted || this.failure !== "";
  }

  start(): void {
    this.#load(this.connect(), multivariantUrl(this.context.target));
  }

  tick(now: number): void {
    for (const rendition of this.#renditions) rendition.tick(now);
  }

  cookies(): string {
    return this.#cookieText;
  }

  took(response: HttpResponse): void {
    this.#bytes += response.bodyBytes;
    const whole = Math.floor(this.#bytes / 1024);
    this.columns.kibibytes[this.reader] += whole;
    this.#bytes -= whole * 1024;
    if (response.cookies.length === 0) return;
    for (const [name, value] of response.cookies) this.#cookies.set(name, value);
    this.#cookieText = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  started(): void {
    this.#hasStarted = true;
  }

  ended(reason: string): void {
    if (this.#hasStarted && this.failure === "") this.context.disconnected(this.reader, reason);
    this.failure ||= reason;
    this.close();
  }

  close(): void {
    for (const rendition of this.#renditions) rendition.close();
  }

  #load(connection: HttpConnection, url: URL): void {
    connection.request({
      path: url.pathname + url.search,
      cookies: this.#cookieText,
      keep: maxPlaylistBytes,
      failed: (reason) => this.ended(reason),
      done: (response) => {
        this.took(response);
        const location = response.headers.get("location");
        if (response.status >= 301 && response.status <= 308 && location !== undefined) {
          if (++this.#redirects > maxRedirects) return this.ended("too many redirects");
          return this.#load(connection, new URL(location, url));
        }
        connection.close();
        if (response.status !== 200) {
          return this.ended(`${url.pathname} was answered with ${response.status}`);
        }
        this.#play(response, url);
      },
    });
  }

  #play(response: HttpResponse, url: URL): void {
    try {
      const { variant, audio } = parseMultivariant(decoder.decode(response.body));
      for (const uri of audio === "" ? [variant] : [variant, audio]) {
        this.#renditions.push(new Rendition(this, new URL(uri, url)));
      }
    } catch (error) {
      return this.ended(error instanceof Error ? error.message : String(error));
    }
    for (const rendition of this.#renditions) rendition.reload();
  }
}
