/** Which pages of other websites may use a server from a browser (CORS, fetch.spec.whatwg.org §3.2). */

/** Parts of an origin; `port` is filled in where the scheme has one. */
interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const defaultPorts: Readonly<Record<string, string>> = { http: "80", https: "443" };

/** The configuration's list: origins, hosts with `*` in them, and `*` alone for all. */
export class AllowedOrigins {
  readonly #all: boolean;
  readonly #exact: readonly Origin[];
  readonly #patterns: readonly RegExp[];

  constructor(entries: readonly string[]) {
    this.#all = entries.includes("*");
    const origins = entries.flatMap((entry) => parseOrigin(entry) ?? []);
    this.#exact = origins.filter(({ host }) => !host.includes("*"));
    this.#patterns = origins.filter(({ host }) => host.includes("*")).map(hostPattern);
  }

  /** The answer depends on who asks: caches have to know. */
  get varies(): boolean {
    return this.#exact.length > 0 || this.#patterns.length > 0;
  }

  /**
   * The value of Access-Control-Allow-Origin, null for none. A listed origin is given back; `*` is the last resort.
   * Credentials of browsers are never allowed, so `*` gives away only what anybody may have.
   */
  header(origin: string | null): string | null {
    if (origin !== null && this.varies) {
      const asked = parseOrigin(origin);
      if (asked !== null && this.#lists(asked)) return origin;
    }
    return this.#all ? "*" : null;
  }

  #lists(asked: Origin): boolean {
    if (
      this.#exact.some(({ scheme, host, port }) =>
        scheme === asked.scheme && host === asked.host && port === asked.port
      )
    ) return true;
    return this.#patterns.some((pattern) => pattern.test(`${asked.host}:${asked.port}`));
  }
}

/** Longest origin that is looked at: host names have 253 characters. */
const maxOriginLength = 512;

function parseOrigin(text: string): Origin | null {
  if (text.length > maxOriginLength) return null;
  const match = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^/:?#@[\]]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  if (match === null) return null;
  const scheme = match[1].toLowerCase();
  return { scheme, host: match[2].toLowerCase(), port: match[3] ?? defaultPorts[scheme] ?? "" };
}

/** `*.` is any chain of subdomains or none, `*` anything. The scheme is not compared, the port is. */
function hostPattern({ host, port }: Origin): RegExp {
  const source = host.split("*.").map((part) => part.split("*").map(RegExp.escape).join("[^:]*")).join(
    "(?:[^:]*\\.)?",
  );
  return new RegExp(`^${source}:${port}$`);
}
