import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import type { HeaderMap } from "./header_map.ts";
import { serializeMessage } from "./headers.ts";
import { escapeTarget } from "./url.ts";

/** `RTSP/1.0`, or `HTTP/1.x` for what opens a tunnel on the same port. */
export interface ProtocolVersion {
  readonly protocol: "RTSP" | "HTTP";
  /** e.g. `1.0` */
  readonly version: string;
}

/** RFC 2326 §6.1. The URL is kept as it was written; `*` when the request is about the server. */
export interface RequestLine extends ProtocolVersion {
  /** Upper case. */
  readonly method: string;
  readonly url: string;
}

/** RFC 2326 §6. The body of an HTTP request is not read: it is the tunnel. */
export interface RtspRequest extends RequestLine {
  readonly headers: HeaderMap;
  readonly body: Uint8Array;
}

export const rtspVersion: ProtocolVersion = { protocol: "RTSP", version: "1.0" };

const versionPattern = /^(rtsp|http)\/(\d{1,3}\.\d{1,3})$/i;

/** `RTSP/1.0`, in any case; null when it is something else. */
export function parseProtocolVersion(text: string): ProtocolVersion | null {
  const found = versionPattern.exec(text);
  if (found === null) return null;
  return { protocol: found[1].toUpperCase() === "RTSP" ? "RTSP" : "HTTP", version: found[2] };
}

/**
 * The method is what stands before the first space and the version what stands after the last one, so that a
 * URL with spaces in it (cameras and players that do not escape names) stays whole.
 */
export function parseRequestLine(line: string): RequestLine {
  // Not one pattern: over a long run of spaces it would take quadratic time.
  const text = line.trim();
  const methodEnd = text.search(/\s/);
  const versionStart = Math.max(text.lastIndexOf(" "), text.lastIndexOf("\t")) + 1;
  const method = text.slice(0, Math.max(methodEnd, 0));
  const url = text.slice(method.length, versionStart).trim();
  if (url === "") {
    throw new ParseError("request line", `expected method, URL and version, got ${quoted(line)}`);
  }
  const versionText = text.slice(versionStart);
  if (!/^[A-Za-z_]{1,64}$/.test(method)) throw new ParseError("method", `invalid value ${quoted(method)}`);
  const version = parseProtocolVersion(versionText);
  if (version === null) throw new ParseError("version", `expected RTSP/1.0, got ${quoted(versionText)}`);
  return { method: method.toUpperCase(), url, ...version };
}

export function serializeRequest(request: RtspRequest): Uint8Array<ArrayBuffer> {
  const { method, url, protocol, version, headers, body } = request;
  return serializeMessage(`${method} ${escapeTarget(url)} ${protocol}/${version}`, headers, body);
}
