/**
 * RTSP over two HTTP connections, as QuickTime invented it: what the server sends is the endless body of a GET, what
 * the client sends the base64 body of a POST. A cookie pairs them.
 */
import { Buffer } from "node:buffer";
import { ParseError } from "../../../../base/errors.ts";
import type { RtspRequest } from "../request.ts";
import { escapeTarget } from "../url.ts";

export interface HttpTunnelRequest {
  readonly kind: "http";
  /** GET carries from server to client, POST from client to server. */
  readonly method: "GET" | "POST";
  readonly cookie: string;
}

/** Longest cookie. */
export const maxTunnelCookie = 256;
/** The body is endless; clients write some number, and servers and proxies want one. */
const pretendedLength = 32767;
const mediaType = "application/x-rtsp-tunnelled";

/** Null when the request opens no HTTP tunnel. */
export function parseHttpTunnel(request: RtspRequest): HttpTunnelRequest | null {
  const { protocol, method, headers } = request;
  const cookie = headers.get("x-sessioncookie") ?? "";
  if (protocol !== "HTTP" || cookie === "" || (method !== "GET" && method !== "POST")) return null;
  if (cookie.length > maxTunnelCookie) {
    throw new ParseError("x-sessioncookie", `longer than ${maxTunnelCookie} characters`);
  }
  return { kind: "http", method, cookie };
}

/** `target` is path and query, `host` has the port. */
export function serializeHttpTunnelRequest(
  method: "GET" | "POST",
  { target, host, cookie }: { target: string; host: string; cookie: string },
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    `${method} ${target === "" ? "/" : escapeTarget(target)} HTTP/1.1\r\nHost: ${host}\r\n` +
      `X-Sessioncookie: ${cookie}\r\n` +
      (method === "GET" ? `Accept: ${mediaType}\r\n` : `Content-Type: ${mediaType}\r\n`) +
      `Pragma: no-cache\r\nCache-Control: no-cache\r\nContent-Length: ${pretendedLength}\r\n\r\n`,
  );
}

/** Answers the GET; the POST gets the same, which clients do not wait for. */
export function serializeHttpTunnelResponse(version: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    `HTTP/${version} 200 OK\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: ${mediaType}\r\n` +
      "Pragma: no-cache\r\n\r\n",
  );
}

/** For an HTTP request on the RTSP port that opens no tunnel. */
export function serializeHttpRefusal(version: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    `HTTP/${version} 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}

/** What a client writes into the POST. */
export function encodeTunnelled(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const encoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  return new TextEncoder().encode(encoded);
}
