/** Opening RTSP over WebSocket (RFC 6455 §4, ONVIF Streaming Specification §5.1.1.5). */
import { createHash } from "node:crypto";
import { ParseError } from "../../../../base/errors.ts";
import { quoted } from "../../../../base/quoted.ts";
import type { HeaderMap } from "../header_map.ts";
import type { RtspRequest } from "../request.ts";
import type { RtspResponse } from "../response.ts";
import { escapeTarget } from "../url.ts";

export const websocketProtocol = "rtsp.onvif.org";

export interface WebsocketUpgrade {
  readonly kind: "websocket";
  /** Sec-WebSocket-Key: 16 bytes in base64. */
  readonly key: string;
}

const acceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Null when the request asks for no WebSocket, or not for RTSP in it. */
export function parseWebsocketUpgrade(request: RtspRequest): WebsocketUpgrade | null {
  const { protocol, method, headers } = request;
  if (protocol !== "HTTP" || method !== "GET" || !tokens(headers, "Upgrade").includes("websocket")) {
    return null;
  }
  if (!tokens(headers, "Sec-WebSocket-Protocol").includes(websocketProtocol)) return null;
  const version = headers.get("Sec-WebSocket-Version");
  if (version !== undefined && version !== "13") {
    throw new ParseError("Sec-WebSocket-Version", `expected 13, got ${quoted(version)}`);
  }
  const key = headers.get("Sec-WebSocket-Key") ?? "";
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    throw new ParseError("Sec-WebSocket-Key", "expected 16 bytes in base64");
  }
  return { kind: "websocket", key };
}

function tokens(headers: HeaderMap, name: string): string[] {
  return headers.all(name).flatMap((value) => value.split(",")).map((token) => token.trim().toLowerCase());
}

/** RFC 6455 §4.2.2 */
export function websocketAccept(key: string): string {
  return createHash("sha1").update(key + acceptSuffix).digest("base64");
}

export function serializeWebsocketResponse(upgrade: WebsocketUpgrade): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${
        websocketAccept(upgrade.key)
      }\r\nSec-WebSocket-Protocol: ${websocketProtocol}\r\n\r\n`,
  );
}

/** `key` is 16 random bytes in base64, `target` path and query, `host` has the port. */
export function serializeWebsocketRequest(
  { target, host, key }: { target: string; host: string; key: string },
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    `GET ${target === "" ? "/" : escapeTarget(target)} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: ${websocketProtocol}\r\n` +
      "Sec-WebSocket-Version: 13\r\n\r\n",
  );
}

/** ParseError when the server did not accept our request. */
export function checkWebsocketResponse(response: RtspResponse, key: string): void {
  if (response.protocol !== "HTTP" || response.status !== 101) {
    throw new ParseError("status line", `expected 101, got ${response.status}`);
  }
  if (response.headers.get("Sec-WebSocket-Accept") !== websocketAccept(key)) {
    throw new ParseError("Sec-WebSocket-Accept", "does not belong to our key");
  }
}
