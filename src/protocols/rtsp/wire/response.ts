import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import type { HeaderMap } from "./header_map.ts";
import { serializeMessage } from "./headers.ts";
import { parseProtocolVersion, type ProtocolVersion } from "./request.ts";

/** RFC 2326 §7.1 */
export interface StatusLine extends ProtocolVersion {
  /** 100…999 */
  readonly status: number;
  /** May be empty. */
  readonly reason: string;
}

/** RFC 2326 §7. The body of an HTTP response is not read: it is the tunnel. */
export interface RtspResponse extends StatusLine {
  readonly headers: HeaderMap;
  readonly body: Uint8Array;
}

/** RFC 2326 §7.1.1 and RFC 7826 §8.1.2, as far as somebody sends them. */
const reasons: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  200: "OK",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  413: "Request Entity Too Large",
  414: "Request-URI Too Long",
  415: "Unsupported Media Type",
  451: "Parameter Not Understood",
  453: "Not Enough Bandwidth",
  454: "Session Not Found",
  455: "Method Not Valid In This State",
  456: "Header Field Not Valid for Resource",
  457: "Invalid Range",
  458: "Parameter Is Read-Only",
  459: "Aggregate Operation Not Allowed",
  460: "Only Aggregate Operation Allowed",
  461: "Unsupported Transport",
  462: "Destination Unreachable",
  463: "Key Management Failure",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "RTSP Version Not Supported",
  551: "Option Not Supported",
};

/** The standard text for a status code; empty for a code nobody knows. */
export function reasonText(status: number): string {
  return reasons[status] ?? "";
}

/** The text after the code may be missing, with or without the space before it. */
export function parseStatusLine(line: string): StatusLine {
  const found = /^(\S+)\s+(\d{3})(?:\s(.*))?$/.exec(line);
  const version = found === null ? null : parseProtocolVersion(found[1]);
  if (found === null || version === null || found[2] < "100") {
    throw new ParseError("status line", `expected version and status code, got ${quoted(line)}`);
  }
  return { ...version, status: Number(found[2]), reason: (found[3] ?? "").trim() };
}

/** An empty reason is replaced by the standard one. */
export function serializeResponse(response: RtspResponse): Uint8Array<ArrayBuffer> {
  const { protocol, version, status, headers, body } = response;
  const reason = response.reason === "" ? reasonText(status) : response.reason;
  return serializeMessage(`${protocol}/${version} ${status} ${reason}`, headers, body);
}
