/** What API and metrics read of a connection. */
import type { Connection } from "./engine/connection.ts";
import { ByteRate } from "./engine/rates.ts";
import { headerSize, segmentSize, udpHeaderSize } from "./wire/packet.ts";

const megabit = 1_000_000 / 8;
/** Bytes of a full packet, as link capacities count them. */
const fullPacket = segmentSize;

const names = [
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
  "bytesSent",
  "bytesReceived",
  "bytesSentUnique",
  "bytesReceivedUnique",
  "bytesReceivedLoss",
  "bytesRetrans",
  "bytesReceivedRetrans",
  "bytesReceivedBelated",
  "bytesSendDrop",
  "bytesReceivedDrop",
  "bytesReceivedUndecrypt",
  "usPacketsSendPeriod",
  "packetsFlowWindow",
  "packetsFlightSize",
  "msRTT",
  "mbpsSendRate",
  "mbpsReceiveRate",
  "mbpsLinkCapacity",
  "bytesAvailSendBuf",
  "bytesAvailReceiveBuf",
  "mbpsMaxBW",
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
  "packetsSendLossRate",
  "packetsReceivedLossRate",
  "outboundFramesDiscarded",
] as const;

/** Names and units of the API. Bytes are those on the wire, headers included. */
export type SrtStats = Readonly<Record<(typeof names)[number], number>>;

/** Of a client that is not connected yet. */
export const noStats: SrtStats = Object.fromEntries(names.map((name) => [name, 0])) as SrtStats;

/** Percent. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : 100 * part / whole;
}

/** Follows the rates of a connection: `sample` once a second or so. */
export class StatsReader {
  readonly #sent = new ByteRate();
  readonly #received = new ByteRate();
  #lastSent = 0;
  #lastReceived = 0;

  sample({ counters }: Connection, now: number): void {
    this.#sent.add(counters.bytesSent - this.#lastSent, now);
    this.#received.add(counters.bytesReceived - this.#lastReceived, now);
    this.#lastSent = counters.bytesSent;
    this.#lastReceived = counters.bytesReceived;
  }

  /** `now`: microseconds of the connection's clock. */
  read(connection: Connection, now: number): SrtStats {
    this.sample(connection, now);
    return {
      ...countersOf(connection, now),
      ...stateOf(connection, now),
      mbpsSendRate: (this.#sent.value(now) ?? 0) / megabit,
      mbpsReceiveRate: (this.#received.value(now) ?? 0) / megabit,
    };
  }
}

function countersOf({ counters: c, sender }: Connection, now: number) {
  return {
    packetsSent: c.packetsSent,
    packetsReceived: c.packetsReceived,
    packetsSentUnique: c.packetsSentUnique,
    packetsReceivedUnique: c.packetsReceivedUnique,
    packetsSendLoss: c.packetsSendLoss,
    packetsReceivedLoss: c.packetsReceivedLost,
    packetsRetrans: c.packetsRetransmitted,
    packetsReceivedRetrans: c.packetsReceivedRetransmitted,
    packetsSentACK: c.acksSent,
    packetsReceivedACK: c.acksReceived,
    packetsSentNAK: c.naksSent,
    packetsReceivedNAK: c.naksReceived,
    packetsSentKM: c.keyMessagesSent,
    packetsReceivedKM: c.keyMessagesReceived,
    usSndDuration: Math.round(sender.sendDuration(now)),
    packetsReceivedBelated: c.packetsBelated,
    packetsSendDrop: c.packetsSendDropped,
    packetsReceivedDrop: c.packetsReceiveDropped,
    packetsReceivedUndecrypt: c.packetsUndecrypted,
    bytesSent: c.bytesSent,
    bytesReceived: c.bytesReceived,
    bytesSentUnique: c.bytesSentUnique,
    bytesReceivedUnique: c.bytesReceivedUnique,
    bytesReceivedLoss: c.bytesReceivedLost,
    bytesRetrans: c.bytesRetransmitted,
    bytesReceivedRetrans: c.bytesReceivedRetransmitted,
    bytesReceivedBelated: c.bytesBelated,
    bytesSendDrop: c.bytesSendDropped,
    bytesReceivedDrop: Math.round(c.bytesReceiveDropped),
    bytesReceivedUndecrypt: c.bytesUndecrypted,
    packetsReceivedAvgBelatedTime: c.packetsBelated === 0
      ? 0
      : Math.round(c.belatedTime / c.packetsBelated / 1000),
    packetsSendLossRate: share(c.packetsSendLoss, c.packetsSentUnique),
    packetsReceivedLossRate: share(
      c.packetsReceivedLost,
      c.packetsReceivedUnique + c.packetsReceivedLost,
    ),
    outboundFramesDiscarded: c.unitsDiscarded,
  };
}

function stateOf({ counters, sender, receiver, pacing, rtt, settings }: Connection, now: number) {
  const outgoing = sender.buffered;
  const incoming = receiver.buffered;
  const limit = pacing.limit(now);
  const packetSize = counters.packetsSent === 0 ? fullPacket : counters.bytesSent / counters.packetsSent;
  // Both ends measure; the one that receives has something to measure with.
  const capacity = Math.max(sender.linkCapacity, counters.packetsReceived > 0 ? receiver.linkCapacity : 0);
  const payload = segmentSize - udpHeaderSize - headerSize;
  return {
    usPacketsSendPeriod: packetSize * 1_000_000 / limit,
    packetsFlowWindow: sender.flowWindow,
    packetsFlightSize: sender.flightSize,
    msRTT: rtt.value / 1000,
    mbpsLinkCapacity: capacity * fullPacket / megabit,
    bytesAvailSendBuf: sender.availablePackets * payload,
    bytesAvailReceiveBuf: receiver.availablePackets * payload,
    mbpsMaxBW: limit / megabit,
    byteMSS: segmentSize,
    packetsSendBuf: outgoing.packets,
    bytesSendBuf: outgoing.bytes,
    msSendBuf: Math.round(outgoing.microseconds / 1000),
    msSendTsbPdDelay: settings.sendLatency / 1000,
    packetsReceiveBuf: incoming.packets,
    bytesReceiveBuf: incoming.bytes,
    msReceiveBuf: Math.round(incoming.microseconds / 1000),
    msReceiveTsbPdDelay: settings.receiveLatency / 1000,
    // A gap is reported at once.
    packetsReorderTolerance: 0,
  };
}
