/** What a client wants, out of the URL of its `connect` and the key of its `publish` or `play`. */
import { ParseError } from "../../../base/errors.ts";

/** Characters of URL and key together. */
export const maxUrlLength = 8192;

export interface StreamTarget {
  /** Name of the path: without slashes around it, percent-decoded. */
  readonly path: string;
  /** Raw, without `?`. */
  readonly query: string;
}

/**
 * `tcUrl` is `rtmp://host[:port]/app[/more][?query]`, `app` its part after the host (used when a client sends no
 * tcUrl), `key` the stream key, which may have a query, too. The path is app and key together. Throws ParseError.
 *
 * GStreamer puts quotation marks around the URL when its own argument had them; OBS leaves a slash at the end of an
 * app; FFmpeg puts a query without a key into the app, other clients into the key.
 */
export function parseTarget(tcUrl: string, app: string, key: string): StreamTarget {
  if (tcUrl.length + key.length > maxUrlLength) {
    throw new ParseError("URL", `has more than ${maxUrlLength} characters`);
  }
  const url = trimQuotes(tcUrl);
  const afterScheme = url.indexOf("://");
  const slash = afterScheme < 0 ? -1 : url.indexOf("/", afterScheme + 3);
  const base = split(afterScheme < 0 ? app : slash < 0 ? "" : url.slice(slash + 1));
  const name = split(trimQuotes(key));
  const path = [base.path, name.path].map(trimSlashes).filter((part) => part !== "").join("/");
  const query = [base.query, name.query].filter((part) => part !== "").join("&");
  return { path: decode(path), query };
}

function trimQuotes(text: string): string {
  return text.trim().replace(/^'+|'+$/g, "");
}

function trimSlashes(text: string): string {
  return text.replace(/^\/+|\/+$/g, "");
}

function split(text: string): { path: string; query: string } {
  const mark = text.indexOf("?");
  return mark < 0 ? { path: text, query: "" } : { path: text.slice(0, mark), query: text.slice(mark + 1) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Keys with a bare percent sign are common enough: they mean themselves.
    return text;
  }
}

/** Where our own client connects to, and what it asks for there. */
export interface RtmpUrl {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly app: string;
  /** Without credentials. */
  readonly tcUrl: string;
  readonly key: string;
  /** Percent-decoded; empty when the URL has none. */
  readonly user: string;
  readonly pass: string;
}

const defaultPorts: Readonly<Record<string, number>> = { "rtmp:": 1935, "rtmps:": 1936 };

/**
 * `rtmp[s]://[user:pass@]host[:port]/app[/more]/key[?query][#key]`. The last element of the path is the key, together
 * with the query, unless the fragment names one. Throws ParseError.
 */
export function parseRtmpUrl(text: string): RtmpUrl {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ParseError("URL", "is not valid");
  }
  const defaultPort = defaultPorts[url.protocol];
  if (defaultPort === undefined) {
    throw new ParseError("URL", `has the scheme ${url.protocol}, not rtmp or rtmps`);
  }
  if (url.hostname === "") throw new ParseError("URL", "has no host");
  const path = url.pathname.replace(/^\/+/, "");
  const slash = path.lastIndexOf("/");
  const fragment = url.hash.slice(1);
  const [app, key] = fragment !== ""
    ? [path + url.search, decode(fragment)]
    : slash < 0
    ? [path + url.search, ""]
    : [path.slice(0, slash), path.slice(slash + 1) + url.search];
  return {
    secure: url.protocol === "rtmps:",
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? defaultPort : Number(url.port),
    app,
    tcUrl: `${url.protocol}//${url.host}/${app}`,
    key,
    user: decode(url.username),
    pass: decode(url.password),
  };
}
