import type { PacketBatch } from "../../net/udp/socket.ts";
import type { SrtpKeys } from "./contracts.ts";
import type { Agreement, LocalSource } from "./negotiation/mod.ts";

/** What a side of a session may do once the connection is there. */
export interface Connection {
  readonly keys: SrtpKeys;
  /** Where the next batch for `send` can be built: see `UdpSocket.room`. */
  readonly room: (size: number) => Uint8Array;
  /** Encrypted packets; never waits, never throws. */
  readonly send: (batch: PacketBatch) => void;
  /** Opens a data channel; gives what sends one message on it and drops what the peer does not take. */
  openChannel(label: string): (bytes: Uint8Array) => void;
  /** Ends the session. */
  fail(reason: string): void;
}

/** Counters as the API names them. */
export interface SideStats {
  readonly inboundBytes: number;
  readonly inboundRTPPackets: number;
  readonly inboundRTPPacketsLost: number;
  /** Interarrival jitter in the clock of the track; of several tracks, the mean. */
  readonly inboundRTPPacketsJitter: number;
  readonly inboundRTCPPackets: number;
  readonly outboundBytes: number;
  readonly outboundRTPPackets: number;
  readonly outboundRTCPPackets: number;
  readonly outboundFramesDiscarded: number;
}

/** Of a session whose connection is not there yet. */
export const noTraffic: SideStats = {
  inboundBytes: 0,
  inboundRTPPackets: 0,
  inboundRTPPacketsLost: 0,
  inboundRTPPacketsJitter: 0,
  inboundRTCPPackets: 0,
  outboundBytes: 0,
  outboundRTPPackets: 0,
  outboundRTCPPackets: 0,
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
