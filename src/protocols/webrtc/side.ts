import type { PacketBatch } from "../../net/udp/socket.ts";
import type { SrtpKeys } from "./contracts.ts";
import type { Agreement, LocalSource } from "./negotiation/mod.ts";

/** What a side of a session may do once the connection is there. */
export interface Connection {
  readonly keys: SrtpKeys;
  /** Encrypted packets; never waits, never throws. */
  send(batch: PacketBatch): void;
  /** Opens a data channel; gives what sends one message on it and drops what the peer does not take. */
  openChannel(label: string): (bytes: Uint8Array) => void;
  /** Ends the session. */
  fail(reason: string): void;
}

/** Counters as the API names them. */
export interface SideStats {
  readonly inboundBytes: number;
  readonly inboundRtpPackets: number;
  readonly inboundRtpPacketsLost: number;
  /** Interarrival jitter in the clock of the track; of several tracks, the mean. */
  readonly inboundRtpPacketsJitter: number;
  readonly inboundRtcpPackets: number;
  readonly outboundBytes: number;
  readonly outboundRtpPackets: number;
  readonly outboundRtcpPackets: number;
  readonly outboundFramesDiscarded: number;
}

/** Of a session whose connection is not there yet. */
export const noTraffic: SideStats = {
  inboundBytes: 0,
  inboundRtpPackets: 0,
  inboundRtpPacketsLost: 0,
  inboundRtpPacketsJitter: 0,
  inboundRtcpPackets: 0,
  outboundBytes: 0,
  outboundRtpPackets: 0,
  outboundRtcpPackets: 0,
  outboundFramesDiscarded: 0,
};

/** The side of a session that knows about media: it publishes or reads. Owned by the session, which closes it. */
export interface Side {
  readonly agreement: Agreement;
  /** What is sent, by mid. */
  readonly sources: ReadonlyMap<string, LocalSource>;
  readonly stats: SideStats;
  /** DTLS has shown who the peer is. `now` in milliseconds since 1970. */
  start(connection: Connection, now: number): void;
  /** RTP and RTCP, encrypted. */
  receive(datagrams: readonly Uint8Array[], now: number): void;
  /** Called every 20 ms once started. */
  tick(now: number): void;
  /** Leaves the path. May be called any number of times. */
  close(): void;
}
