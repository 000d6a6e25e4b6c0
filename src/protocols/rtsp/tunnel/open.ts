import { UserError } from "../../../base/errors.ts";
import type { ByteConn } from "../../../net/byte_conn.ts";
import type { RtspConn, Tunnel } from "../conn.ts";
import type { RtspRequest } from "../wire/request.ts";
import { parseHttpTunnel, serializeHttpRefusal, serializeHttpTunnelResponse } from "../wire/tunnel/http.ts";
import { parseWebsocketUpgrade, serializeWebsocketResponse } from "../wire/tunnel/websocket_handshake.ts";
import { WebsocketConn } from "./websocket.ts";

/** A byte stream inside HTTP, to be served in place of the connection that it came on. */
export interface OpenedTunnel {
  readonly kind: Exclude<Tunnel, "none">;
  readonly conn: ByteConn;
}

/**
 * Answers an HTTP request on the RTSP port. Null: the connection has become the first half of a tunnel that another
 * connection completes. Throws UserError when the request opens no tunnel.
 */
export async function openTunnel(
  owner: RtspConn,
  conn: ByteConn,
  request: RtspRequest,
  rest: Uint8Array,
): Promise<OpenedTunnel | null> {
  const { http, upgrade } = await parse(conn, request);
  if (http !== null) {
    await conn.write(serializeHttpTunnelResponse(request.version));
    const tunnel = await owner.context.tunnels.join(http.cookie, { direction: http.method, conn, rest });
    return tunnel === null ? null : { kind: "http", conn: tunnel };
  }
  if (upgrade !== null) {
    await conn.write(serializeWebsocketResponse(upgrade));
    return { kind: "websocket", conn: new WebsocketConn(conn, rest, "client") };
  }
  await conn.write(serializeHttpRefusal(request.version));
  throw new UserError("invalid HTTP request");
}

/** What is malformed is refused before the error goes on. */
async function parse(conn: ByteConn, request: RtspRequest) {
  try {
    return { http: parseHttpTunnel(request), upgrade: parseWebsocketUpgrade(request) };
  } catch (error) {
    await conn.write(serializeHttpRefusal(request.version));
    throw error;
  }
}
