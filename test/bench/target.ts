/** The server and the stream, with the name resolved: readers connect by number. */
export interface Target {
  /** Without credentials. */
  readonly url: string;
  readonly host: string;
  readonly ip: string;
  readonly port: number;
  /** Starts with `/`; with the query. */
  readonly path: string;
  /** The whole `Authorization` value, empty when the URL has no credentials. */
  readonly authorization: string;
  readonly username: string;
  readonly password: string;
}

export const defaultPorts = { rtsp: 554, rtmp: 1935, http: 8888, whep: 8889, srt: 8890 } as const;
export type Scheme = keyof typeof defaultPorts;

/** Resolves the host to an IPv4 address; credentials become a Basic `Authorization`. */
export async function resolveTarget(url: string, scheme: Scheme = "rtsp"): Promise<Target> {
  if (!url.startsWith(`${scheme}://`)) throw new Error(`'${url}' does not start with ${scheme}://`);
  const parsed = new URL(url.replace(/^\w+:/, "http:"));
  // URL hides the port that is usual for http
  const explicit = url.match(/^\w+:\/\/[^/]*:(\d+)(?:\/|$)/)?.[1];
  const port = explicit === undefined ? defaultPorts[scheme] : Number(explicit);
  const username = decodeURIComponent(parsed.username);
  const password = decodeURIComponent(parsed.password);
  const credentials = `${username}:${password}`;
  const host = parsed.hostname === "localhost" ? "127.0.0.1" : parsed.hostname;
  const ip = /^[\d.]+$/.test(host) ? host : (await Deno.resolveDns(host, "A"))[0];
  const path = parsed.pathname + parsed.search;
  return {
    url: `${scheme}://${parsed.hostname}:${port}${path}`,
    host: parsed.hostname,
    ip,
    port,
    path,
    authorization: credentials === ":" ? "" : `Basic ${btoa(credentials)}`,
    username,
    password,
  };
}

/** Where a stream that is published to `url` over RTSP is read over another protocol when nobody says otherwise. */
export function readUrl(url: string, scheme: Scheme): string {
  if (scheme === "rtsp") return url;
  return url.replace(/^rtsp:\/\/([^/]*@)?([^/:]+)(:\d+)?/, `${scheme}://$1$2:${defaultPorts[scheme]}`);
}
