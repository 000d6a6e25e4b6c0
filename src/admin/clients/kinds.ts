/** The lists of connections and sessions, one row each: where it is, what its items are, what may be done to them. */
import type { z } from "zod";
import {
  hlsMuxerSchema,
  hlsSessionSchema,
  rtmpConnSchema,
  rtspConnSchema,
  rtspSessionSchema,
  srtConnSchema,
  webrtcSessionSchema,
} from "./schemas.ts";

/** The new name of each field that is shown under an old one too. */
export const oldNames = {
  bytesReceived: "inboundBytes",
  bytesSent: "outboundBytes",
  rtpPacketsReceived: "inboundRTPPackets",
  rtpPacketsSent: "outboundRTPPackets",
  rtpPacketsLost: "inboundRTPPacketsLost",
  rtpPacketsInError: "inboundRTPPacketsInError",
  rtpPacketsJitter: "inboundRTPPacketsJitter",
  rtcpPacketsReceived: "inboundRTCPPackets",
  rtcpPacketsSent: "outboundRTCPPackets",
  rtcpPacketsInError: "inboundRTCPPacketsInError",
} as const;

/**
 * What a protocol room tells of one client: the fields of the schema, without those under old names, with times in
 * milliseconds since 1970.
 */
export type ClientSnapshot<Schema extends z.ZodType<object>> = {
  readonly [
    Field in keyof z.infer<Schema> as Field extends keyof typeof oldNames
      ? (typeof oldNames)[Field] extends keyof z.infer<Schema> ? never : Field
      : Field
  ]: Field extends "created" | "lastRequest" ? number : z.infer<Schema>[Field];
};

/** A protocol server's list. */
export interface ClientSource<Snapshot> {
  /** Sorted by the time of their creation. */
  list(): readonly Snapshot[];
  /** False when there is none with this id. Absent where nobody can be thrown out. */
  kick?(id: string): boolean;
}

/** Kinds by the name in the URL. `noun` is what errors call an item, `key` is what names one. */
export const clientKinds = {
  hlsmuxers: { schema: hlsMuxerSchema, name: "HLSMuxer", noun: "muxer", key: "path" },
  hlssessions: { schema: hlsSessionSchema, name: "HLSSession", noun: "session", key: "id" },
  rtspconns: { schema: rtspConnSchema, name: "RTSPConn", noun: "connection", key: "id" },
  rtspsessions: { schema: rtspSessionSchema, name: "RTSPSession", noun: "session", key: "id" },
  rtspsconns: { schema: rtspConnSchema, name: "RTSPConn", noun: "connection", key: "id" },
  rtspssessions: { schema: rtspSessionSchema, name: "RTSPSession", noun: "session", key: "id" },
  rtmpconns: { schema: rtmpConnSchema, name: "RTMPConn", noun: "connection", key: "id" },
  rtmpsconns: { schema: rtmpConnSchema, name: "RTMPConn", noun: "connection", key: "id" },
  webrtcsessions: { schema: webrtcSessionSchema, name: "WebRTCSession", noun: "session", key: "id" },
  srtconns: { schema: srtConnSchema, name: "SRTConn", noun: "connection", key: "id" },
} as const;

/** `hlsmuxers`, `rtspconns`… */
export type ClientKind = keyof typeof clientKinds;

/** Kinds whose items nobody can throw out: muxers close by themselves, connections go with their session. */
export const unkickable: ReadonlySet<ClientKind> = new Set<ClientKind>([
  "hlsmuxers",
  "rtspconns",
  "rtspsconns",
]);

/** The lists of the servers that run; absent for the others. */
export type ClientSources = {
  readonly [Kind in ClientKind]?: ClientSource<ClientSnapshot<(typeof clientKinds)[Kind]["schema"]>>;
};
