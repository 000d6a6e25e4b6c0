import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";

/**
 * An RTSP URL (RFC 2326 §3.2), its path and query left as they were written. Not the WHATWG URL class: that one
 * rewrites what cameras compare byte by byte, and refuses much of what they send.
 */
export interface RtspUrl {
  readonly scheme: "rtsp" | "rtsps";
  /** From `rtsp+http://` and `rtsp+ws://`, which only exist in our configuration. */
  readonly tunnel?: "http" | "ws";
  /** Decoded. */
  readonly user?: string;
  /** Decoded. */
  readonly password?: string;
  /** Name or address, IPv6 without brackets; empty when a request held a path only. */
  readonly host: string;
  readonly port?: number;
  /** Empty, or with a leading slash. */
  readonly path: string;
  /** Without the question mark; undefined when there is none. */
  readonly query?: string;
}

/** A `#` is taken as an ordinary character: cameras have it in names and passwords, and RTSP knows no fragments. */
export function parseRtspUrl(text: string): RtspUrl {
  const scheme = /^(rtsps?)(?:\+(http|ws))?:\/\//i.exec(text);
  if (scheme === null) {
    throw new ParseError("URL", `expected rtsp:// or rtsps://, got ${quoted(withoutUser(text))}`);
  }
  const tunnel = scheme[2]?.toLowerCase();
  const rest = text.slice(scheme[0].length);
  const authorityEnd = rest.search(/[/?]/);
  const authority = authorityEnd < 0 ? rest : rest.slice(0, authorityEnd);
  const at = authority.lastIndexOf("@");
  return {
    scheme: scheme[1].toLowerCase() === "rtsp" ? "rtsp" : "rtsps",
    ...(tunnel === "http" || tunnel === "ws" ? { tunnel } : {}),
    ...(at < 0 ? {} : parseUserInfo(authority.slice(0, at))),
    ...parseHost(authority.slice(at + 1)),
    ...splitQuery(authorityEnd < 0 ? "" : rest.slice(authorityEnd)),
  };
}

/**
 * The URL of a request: `*` is null, and a path alone (which some clients send in the style of HTTP) has an empty
 * host. What is there of credentials is dropped: only the Authorization header counts.
 */
export function parseRequestUrl(text: string): RtspUrl | null {
  if (text === "*") return null;
  if (text.startsWith("/")) return { scheme: "rtsp", host: "", ...splitQuery(text) };
  const { user: _user, password: _password, tunnel: _tunnel, ...url } = parseRtspUrl(text);
  return url;
}

function parseUserInfo(text: string): Pick<RtspUrl, "user" | "password"> {
  const colon = text.indexOf(":");
  if (colon < 0) return { user: percentDecode(text) };
  return { user: percentDecode(text.slice(0, colon)), password: percentDecode(text.slice(colon + 1)) };
}

function parseHost(text: string): Pick<RtspUrl, "host" | "port"> {
  const found = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(text);
  if (found === null) throw new ParseError("host", `invalid value ${quoted(text)}`);
  const host = (found[1] ?? found[2]).replace("%25", "%");
  if (host === "") throw new ParseError("host", "is empty");
  if (found[3] === undefined || found[3] === "") return { host };
  const port = Number(found[3]);
  if (port > 65535) throw new ParseError("port", `${found[3]} is above 65535`);
  return { host, port };
}

function splitQuery(text: string): Pick<RtspUrl, "path" | "query"> {
  const mark = text.indexOf("?");
  return mark < 0 ? { path: text } : { path: text.slice(0, mark), query: text.slice(mark + 1) };
}

/** Never writes credentials: they belong into headers, not into requests or logs. */
export function serializeRtspUrl(url: RtspUrl): string {
  const host = url.host.includes(":") ? `[${url.host.replace("%", "%25")}]` : url.host;
  const authority = url.host === ""
    ? ""
    : `${url.scheme}://${host}${url.port === undefined ? "" : `:${url.port}`}`;
  return authority + pathAndQuery(url);
}

/** `/path?query`: what a tunnel asks for and a digest may be computed over. */
export function pathAndQuery(url: RtspUrl): string {
  return url.path + (url.query === undefined ? "" : `?${url.query}`);
}

/** What may not stand in a request line (spaces, anything that is not ASCII) as percent escapes; escapes stay. */
export function escapeTarget(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

/** Percent escapes resolved; left as they are when they are no UTF-8. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutUser(text: string): string {
  return text.replace(/\/\/[^/]*@/, "//");
}
