/** A client of HLS servers over HTTP, as a player would be: keeps cookies or not, follows redirections. */
import { parseAttributes } from "../../protocols/hls/support/media_playlist.ts";

/** For tests that hang. */
const timeLimitMs = 120_000;
/** Behind it, the server answers 503: there is nothing new yet. */
const againMs = 200;
const mostRedirects = 5;

export interface HlsAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: string;
}

export interface Request {
  readonly method?: "GET" | "HEAD" | "POST" | "OPTIONS";
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Multivariant {
  /** Absolute. */
  readonly variant: string;
  /** Attributes of `EXT-X-STREAM-INF`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly audio: readonly { readonly name: string; readonly uri: string | null }[];
  /** All media playlists, absolute, the variant's first. */
  readonly media: readonly string[];
}

export class HlsClient {
  readonly #cookies = new Map<string, string>();

  constructor(
    private readonly options: {
      /** Cookies come back; those that are `Secure`, too, as browsers do on the machine itself. */
      readonly cookies: boolean;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) {}

  get cookieNames(): string[] {
    return [...this.#cookies.keys()];
  }

  /** Follows redirections. Rejects when there is no answer within two minutes. */
  async get(url: string, request: Request = {}): Promise<HlsAnswer> {
    for (let i = 0; i < mostRedirects; i++) {
      const answer = await this.ask(url, request);
      const location = answer.headers.get("location");
      if (answer.status < 300 || answer.status > 399 || location === null) return answer;
      url = String(new URL(location, url));
    }
    throw new Error(`more than ${mostRedirects} redirections: ${url}`);
  }

  /** One request; again, as players do, when the server says that it has held it long enough. */
  async ask(url: string, request: Request = {}): Promise<HlsAnswer> {
    const end = performance.now() + timeLimitMs;
    for (;;) {
      const answer = await this.#once(url, request);
      if (answer.status !== 503 || !answer.headers.has("retry-after") || performance.now() > end) {
        return answer;
      }
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }

  async #once(url: string, { method = "GET", headers = {} }: Request): Promise<HlsAnswer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      method,
      redirect: "manual",
      headers: {
        // else Deno asks for compression, and takes the length away
        "accept-encoding": "identity",
        ...this.options.headers,
        ...headers,
        ...(this.options.cookies && cookie !== "" ? { cookie } : {}),
      },
      signal: AbortSignal.timeout(timeLimitMs),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/) ?? [];
      if (name !== undefined) this.#cookies.set(name, value);
    }
    const bytes = await response.bytes();
    const text = /mpegurl|json|text/.test(response.headers.get("content-type") ?? "")
      ? new TextDecoder().decode(bytes)
      : "";
    return { url, status: response.status, headers: response.headers, bytes, text };
  }

  /** Throws unless there is one. */
  async multivariant(url: string, request: Request = {}): Promise<Multivariant> {
    const answer = await this.get(url, request);
    if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${answer.text}`);
    return parseMultivariant(answer.text, answer.url);
  }
}

/** `base`: where it comes from. */
export function parseMultivariant(text: string, base: string): Multivariant {
  const lines = text.split("\n");
  const absolute = (uri: string) => String(new URL(uri, base));
  const audio = lines.filter((line) => line.startsWith("#EXT-X-MEDIA:")).map((line) => {
    const attributes = parseAttributes(line.slice(line.indexOf(":") + 1));
    const uri = attributes.get("URI");
    return { name: attributes.get("NAME") ?? "", uri: uri === undefined ? null : absolute(uri) };
  });
  const at = lines.findIndex((line) => line.startsWith("#EXT-X-STREAM-INF:"));
  if (at === -1) throw new Error(`no variant in\n${text}`);
  const variant = absolute(lines[at + 1]);
  return {
    variant,
    attributes: parseAttributes(lines[at].slice(lines[at].indexOf(":") + 1)),
    audio,
    media: [variant, ...audio.flatMap(({ uri }) => uri ?? [])],
  };
}
