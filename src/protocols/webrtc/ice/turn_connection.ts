/** The way to one TURN server: over the shared UDP socket, or over a TCP or TLS connection of its own. */
import type { NetAddress } from "../../../net/address.ts";
import { dialTls } from "../../../net/tcp/dial_tls.ts";
import { dialTcp } from "../../../net/tcp/mod.ts";
import type { PacketBatch } from "../../../net/udp/mod.ts";
import { FramedConn } from "./framed_conn.ts";
import type { UdpLink } from "./link.ts";
import { measureTurn } from "./wire/framing.ts";

const dialTimeoutMs = 10_000;

/** Never waits, never throws. */
export interface TurnConnection {
  readonly stream: boolean;
  send(batch: PacketBatch): void;
}

export function turnOverUdp(link: UdpLink, server: NetAddress): TurnConnection {
  return { stream: false, send: (batch) => link.send(batch, server) };
}

export function turnOverStream(framed: FramedConn): TurnConnection {
  return { stream: true, send: ({ bytes }) => void framed.send(bytes) };
}

/** Throws UserError. */
export async function dialTurn(
  server: { readonly host: string; readonly port: number; readonly transport: "tcp" | "tls" },
  signal: AbortSignal,
): Promise<FramedConn> {
  const options = { hostname: server.host, port: server.port, timeoutMs: dialTimeoutMs, signal };
  const conn = server.transport === "tls" ? await dialTls(options) : await dialTcp(options);
  return new FramedConn(conn, measureTurn);
}
