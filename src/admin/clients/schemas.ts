/** Connections and sessions of each protocol. */
import { z } from "zod";
import { count, deprecated, time, uuid } from "./shapes.ts";

const remote = { id: uuid, created: time, remoteAddr: z.string() };
const what = { path: z.string(), query: z.string(), user: z.string(), userAgent: z.string() };
const state = z.enum(["idle", "read", "publish"]);

/** A muxer of a path. */
export const hlsMuxerSchema = z.object({
  path: z.string(),
  created: time,
  lastRequest: time,
  outboundBytes: count,
  outboundFramesDiscarded: count,
  bytesSent: deprecated(count, "outboundBytes"),
});

/** Somebody who watches. */
export const hlsSessionSchema = z.object({ ...remote, ...what, isCDN: z.boolean(), outboundBytes: count });

/** A connection; the session it carries, if any, has the media. */
export const rtspConnSchema = z.object({
  ...remote,
  session: uuid.nullable(),
  tunnel: z.enum(["none", "http", "websocket"]),
  inboundBytes: count,
  outboundBytes: count,
  bytesReceived: deprecated(count, "inboundBytes"),
  bytesSent: deprecated(count, "outboundBytes"),
});

/** Who reads or publishes over RTSP. */
export const rtspSessionSchema = z.object({
  ...remote,
  state,
  ...what,
  transport: z.enum(["UDP", "UDP-multicast", "TCP"]).nullable(),
  profile: z.enum(["AVP", "SAVP"]).nullable(),
  conns: z.array(uuid),
  inboundBytes: count,
  inboundRTPPackets: count,
  inboundRTPPacketsLost: count,
  inboundRTPPacketsInError: count,
  inboundRTPPacketsJitter: z.number(),
  inboundRTCPPackets: count,
  inboundRTCPPacketsInError: count,
  outboundBytes: count,
  outboundRTPPackets: count,
  outboundRTPPacketsReportedLost: count,
  outboundRTPPacketsDiscarded: count,
  outboundRTCPPackets: count,
  bytesReceived: deprecated(count, "inboundBytes"),
  bytesSent: deprecated(count, "outboundBytes"),
  rtpPacketsReceived: deprecated(count, "inboundRTPPackets"),
  rtpPacketsSent: deprecated(count, "outboundRTPPackets"),
  rtpPacketsLost: deprecated(count, "inboundRTPPacketsLost"),
  rtpPacketsInError: deprecated(count, "inboundRTPPacketsInError"),
  rtpPacketsJitter: deprecated(z.number(), "inboundRTPPacketsJitter"),
  rtcpPacketsReceived: deprecated(count, "inboundRTCPPackets"),
  rtcpPacketsSent: deprecated(count, "outboundRTCPPackets"),
  rtcpPacketsInError: deprecated(count, "inboundRTCPPacketsInError"),
});

/** Who reads or publishes over RTMP; `userAgent` is what the client calls flashVer. */
export const rtmpConnSchema = z.object({
  ...remote,
  state,
  ...what,
  inboundBytes: count,
  outboundBytes: count,
  outboundFramesDiscarded: count,
  bytesReceived: deprecated(count, "inboundBytes"),
  bytesSent: deprecated(count, "outboundBytes"),
});

/** Who reads or publishes over WebRTC. */
export const webrtcSessionSchema = z.object({
  ...remote,
  peerConnectionEstablished: z.boolean(),
  localCandidate: z.string().meta({
    description: "`type/protocol/address/port`; empty before the connection.",
  }),
  remoteCandidate: z.string(),
  state: z.enum(["read", "publish"]),
  ...what,
  inboundBytes: count,
  inboundRTPPackets: count,
  inboundRTPPacketsLost: count,
  inboundRTPPacketsJitter: z.number(),
  inboundRTCPPackets: count,
  outboundBytes: count,
  outboundRTPPackets: count,
  outboundRTCPPackets: count,
  outboundFramesDiscarded: count,
  bytesReceived: deprecated(count, "inboundBytes"),
  bytesSent: deprecated(count, "outboundBytes"),
  rtpPacketsReceived: deprecated(count, "inboundRTPPackets"),
  rtpPacketsSent: deprecated(count, "outboundRTPPackets"),
  rtpPacketsLost: deprecated(count, "inboundRTPPacketsLost"),
  rtpPacketsJitter: deprecated(z.number(), "inboundRTPPacketsJitter"),
  rtcpPacketsReceived: deprecated(count, "inboundRTCPPackets"),
  rtcpPacketsSent: deprecated(count, "outboundRTCPPackets"),
});

const srtCounters = [
  "packetsSent",
  "packetsReceived",
  "packetsSentUnique",
  "packetsReceivedUnique",
  "packetsSendLoss",
  "packetsReceivedLoss",
  "packetsRetrans",
  "packetsReceivedRetrans",
  "packetsSentACK",
  "packetsReceivedACK",
  "packetsSentNAK",
  "packetsReceivedNAK",
  "packetsSentKM",
  "packetsReceivedKM",
  "usSndDuration",
  "packetsReceivedBelated",
  "packetsSendDrop",
  "packetsReceivedDrop",
  "packetsReceivedUndecrypt",
  "bytesReceived",
  "bytesSent",
  "bytesSentUnique",
  "bytesReceivedUnique",
  "bytesReceivedLoss",
  "bytesRetrans",
  "bytesReceivedRetrans",
  "bytesReceivedBelated",
  "bytesSendDrop",
  "bytesReceivedDrop",
  "bytesReceivedUndecrypt",
  "outboundFramesDiscarded",
] as const;

/** Whole numbers that go up and down. */
const srtLevels = [
  "packetsFlowWindow",
  "packetsFlightSize",
  "bytesAvailSendBuf",
  "bytesAvailReceiveBuf",
  "byteMSS",
  "packetsSendBuf",
  "bytesSendBuf",
  "msSendBuf",
  "msSendTsbPdDelay",
  "packetsReceiveBuf",
  "bytesReceiveBuf",
  "msReceiveBuf",
  "msReceiveTsbPdDelay",
  "packetsReorderTolerance",
  "packetsReceivedAvgBelatedTime",
] as const;

const srtMeasures = [
  "usPacketsSendPeriod",
  "msRTT",
  "mbpsSendRate",
  "mbpsReceiveRate",
  "mbpsLinkCapacity",
  "mbpsMaxBW",
  "packetsSendLossRate",
  "packetsReceivedLossRate",
] as const;

function all<Name extends string, T>(names: readonly Name[], schema: T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, T>;
}

/** Who reads or publishes over SRT. */
export const srtConnSchema = z.object({
  ...remote,
  state,
  path: z.string(),
  query: z.string(),
  user: z.string(),
  ...all(srtCounters, count),
  ...all(srtLevels, count),
  ...all(srtMeasures, z.number()),
});

/** Numbers of all shapes here that may go down; the others only count up. */
export const levelFields: ReadonlySet<string> = new Set<string>([
  "inboundRTPPacketsJitter",
  "rtpPacketsJitter",
  ...srtLevels,
  ...srtMeasures,
]);
