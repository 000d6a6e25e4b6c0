/** What API and metrics read of connections and sessions. Names are those of the API. */
import { addressText } from "../../net/address.ts";
import type { RtpReception } from "../../stream/rtp_reception.ts";
import type { RtspConn } from "./conn.ts";
import type { Delivery } from "./engine/transport_choice.ts";
import { nothingSent } from "./fanout/rtsp_fanout.ts";
import type { RtspSession } from "./session.ts";
import { interleavedHeaderSize } from "./wire/interleaved.ts";

/** What has come from a publisher. */
export type ReceptionCounters = Pick<
  RtpReception,
  "rtpPackets" | "rtpPacketsLost" | "rtpPacketsInError" | "jitter" | "rtcpPackets" | "rtcpPacketsInError"
>;

/** Before anything has come. */
export const noCounters: ReceptionCounters = {
  rtpPackets: 0,
  rtpPacketsLost: 0,
  rtpPacketsInError: 0,
  jitter: 0,
  rtcpPackets: 0,
  rtcpPacketsInError: 0,
};

/** The sum; jitter is that of `now`. */
export function addCounters(before: ReceptionCounters, now: ReceptionCounters): ReceptionCounters {
  return {
    rtpPackets: before.rtpPackets + now.rtpPackets,
    rtpPacketsLost: before.rtpPacketsLost + now.rtpPacketsLost,
    rtpPacketsInError: before.rtpPacketsInError + now.rtpPacketsInError,
    jitter: now.jitter,
    rtcpPackets: before.rtcpPackets + now.rtcpPackets,
    rtcpPacketsInError: before.rtcpPacketsInError + now.rtcpPacketsInError,
  };
}

/** One connection; bytes are those of the TCP connection. */
export interface RtspConnSnapshot {
  /** UUID. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** `ip:port`. */
  readonly remoteAddr: string;
  /** UUID of the session that it uses. */
  readonly session: string | null;
  readonly tunnel: "none" | "http" | "websocket";
  readonly inboundBytes: number;
  readonly outboundBytes: number;
}

export function connSnapshot(conn: RtspConn): RtspConnSnapshot {
  return {
    id: conn.id,
    created: conn.created,
    remoteAddr: addressText(conn.remote),
    session: conn.session?.id ?? null,
    tunnel: conn.tunnel,
    inboundBytes: conn.bytesReceived,
    outboundBytes: conn.sink.stats.bytesSent,
  };
}

/** One session; bytes are those of RTP and RTCP packets, without their frames over TCP. */
export interface RtspSessionSnapshot {
  /** UUID. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** `ip:port` of the connection that has created it. */
  readonly remoteAddr: string;
  readonly state: "idle" | "read" | "publish";
  /** Name of the path; empty before the first SETUP or ANNOUNCE. */
  readonly path: string;
  readonly query: string;
  readonly user: string;
  readonly userAgent: string;
  /** Null before SETUP. */
  readonly transport: "UDP" | "UDP-multicast" | "TCP" | null;
  /** Null before SETUP. */
  readonly profile: "AVP" | "SAVP" | null;
  /** UUIDs. */
  readonly conns: string[];
  readonly inboundBytes: number;
  readonly inboundRTPPackets: number;
  readonly inboundRTPPacketsLost: number;
  readonly inboundRTPPacketsInError: number;
  /** In ticks of the clock, as in reports. */
  readonly inboundRTPPacketsJitter: number;
  readonly inboundRTCPPackets: number;
  readonly inboundRTCPPacketsInError: number;
  readonly outboundBytes: number;
  readonly outboundRTPPackets: number;
  readonly outboundRTPPacketsReportedLost: number;
  readonly outboundRTPPacketsDiscarded: number;
  readonly outboundRTCPPackets: number;
  /** Bytes that wait for a reader over TCP; null where nothing waits. */
  readonly queuedBytes: number | null;
}

const transports: Readonly<Record<Delivery, "UDP" | "UDP-multicast" | "TCP">> = {
  tcp: "TCP",
  udp: "UDP",
  multicast: "UDP-multicast",
};

export function sessionSnapshot(session: RtspSession): RtspSessionSnapshot {
  const { reading, publishing, delivery } = session;
  const received = publishing?.received ?? noCounters;
  const sent = reading?.sent ?? nothingSent;
  const framing = delivery === "tcp" ? interleavedHeaderSize * (sent.packets + sent.reports) : 0;
  return {
    id: session.id,
    created: session.created,
    remoteAddr: session.remote,
    state: session.state === "play" ? "read" : session.state === "record" ? "publish" : "idle",
    path: session.pathName,
    query: session.query,
    user: session.user,
    userAgent: session.userAgent,
    transport: delivery === null ? null : transports[delivery],
    profile: session.profile,
    conns: [...session.conns].map((conn) => conn.id),
    inboundBytes: session.inboundBytes,
    inboundRTPPackets: received.rtpPackets,
    inboundRTPPacketsLost: received.rtpPacketsLost,
    inboundRTPPacketsInError: received.rtpPacketsInError,
    inboundRTPPacketsJitter: received.jitter,
    inboundRTCPPackets: received.rtcpPackets + (reading?.reportsReceived ?? 0),
    inboundRTCPPacketsInError: received.rtcpPacketsInError + (reading?.reportsInError ?? 0),
    outboundBytes: sent.bytes - framing + (publishing?.reportBytesSent ?? 0),
    outboundRTPPackets: sent.packets,
    outboundRTPPacketsReportedLost: reading?.reportedLost ?? 0,
    outboundRTPPacketsDiscarded: reading?.packetsDiscarded ?? 0,
    outboundRTCPPackets: sent.reports + (publishing?.reportsSent ?? 0),
    queuedBytes: reading === null ? null : session.carrier?.sink.queuedBytes ?? null,
  };
}
