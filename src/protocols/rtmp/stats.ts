/** What API and metrics read of connections. Names are those of the API. */
import { addressText } from "../../net/address.ts";
import type { RtmpConn } from "./conn.ts";

/** One connection; bytes are those of the TCP connection. */
export interface RtmpConnSnapshot {
  /** UUID. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** `ip:port`. */
  readonly remoteAddr: string;
  readonly state: "idle" | "read" | "publish";
  /** Name of the path; empty before the first request for a stream. */
  readonly path: string;
  readonly query: string;
  readonly user: string;
  /** What the client calls flashVer. */
  readonly userAgent: string;
  readonly inboundBytes: number;
  readonly outboundBytes: number;
  readonly outboundFramesDiscarded: number;
  /** Bytes that wait for a reader; null where nothing waits. */
  readonly queuedBytes: number | null;
}

export function connSnapshot(conn: RtmpConn): RtmpConnSnapshot {
  const { bytesSent, unitsDiscarded } = conn.sink.stats;
  return {
    id: conn.id,
    created: conn.created,
    remoteAddr: addressText(conn.remote),
    state: conn.state,
    path: conn.pathName,
    query: conn.query,
    user: conn.user,
    userAgent: conn.userAgent,
    inboundBytes: conn.bytesReceived,
    outboundBytes: bytesSent,
    outboundFramesDiscarded: unitsDiscarded,
    queuedBytes: conn.state === "read" ? conn.sink.queuedBytes : null,
  };
}
