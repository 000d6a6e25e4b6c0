/** Which fields of a snapshot say what, for all protocols. */

/** The first name that a snapshot has is the one. */
const fields: Readonly<Record<CounterName, readonly string[]>> = {
  inboundBytes: ["inboundBytes", "bytesReceived"],
  outboundBytes: ["outboundBytes", "bytesSent"],
  inboundPackets: ["inboundRTPPackets", "packetsReceived"],
  inboundLost: ["inboundRTPPacketsLost", "packetsReceivedLoss"],
  outboundPackets: ["outboundRTPPackets", "packetsSent"],
  outboundLost: ["outboundRTPPacketsReportedLost", "packetsSendLoss"],
  discarded: ["outboundRTPPacketsDiscarded", "outboundFramesDiscarded"],
};

/** What is sampled of a client. */
export type CounterName =
  | "inboundBytes"
  | "outboundBytes"
  | "inboundPackets"
  | "inboundLost"
  | "outboundPackets"
  | "outboundLost"
  | "discarded";

/** The order of counters in a sample. */
export const counterNames = Object.keys(fields) as readonly CounterName[];

type Snapshot = Readonly<Record<string, unknown>>;

/** Null where the protocol does not count it. */
export function counterOf(snapshot: Snapshot, name: CounterName): number | null {
  for (const field of fields[name]) {
    const value = snapshot[field];
    if (typeof value === "number") return value;
  }
  return null;
}

/** Bytes that wait for a client; null where that is not known. */
export function queuedBytesOf(snapshot: Snapshot): number | null {
  for (const field of ["queuedBytes", "bytesSendBuf"]) {
    const value = snapshot[field];
    if (typeof value === "number") return value;
  }
  return null;
}
