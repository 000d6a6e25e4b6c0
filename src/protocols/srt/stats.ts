/** What API and metrics read of a connection. */
import type { Connection } from "./engine/connection.ts";
import { ByteRate } from "./engine/rates.ts";
import { headerSize, segmentSize, udpHeaderSize } from "./wire/packet.ts";

const megabit = 1_000_000 / 8;
/** Bytes of a full packet, as link capacities count them. */
const fullPacket = segmentSize;

/** Names and units of the API. Bytes are those on the wire, headers included. */
export interface SrtStats {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsSentUnique: number;
  readonly packetsReceivedUnique: number;
  readonly packetsSendLoss: number;
  readonly packetsReceivedLoss: number;
  readonly packetsRetrans: number;
  readonly packetsReceivedRetrans: number;
  readonly packetsSentACK: number;
  readonly packetsReceivedACK: number;
  readonly packetsSentNAK: number;
  readonly packetsReceivedNAK: number;
  readonly packetsSentKM: number;
  readonly packetsReceivedKM: number;
  readonly usSndDuration: number;
  readonly packetsReceivedBelated: number;
  readonly packetsSendDrop: number;
  readonly packetsReceivedDrop: number;
  readonly packetsReceivedUndecrypt: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly bytesSentUnique: number;
  readonly bytesReceivedUnique: number;
  readonly bytesReceivedLoss: number;
  readonly bytesRetrans: number;
  readonly bytesReceivedRetrans: number;
  readonly bytesReceivedBelated: number;
  readonly bytesSendDrop: number;
  readonly bytesReceivedDrop: number;
  readonly bytesReceivedUndecrypt: number;
  readonly usPacketsSendPeriod: number;
  readonly packetsFlowWindow: number;
  readonly packetsFlightSize: number;
  readonly msRTT: number;
  readonly mbpsSendRate: number;
  readonly mbpsReceiveRate: number;
  readonly mbpsLinkCapacity: number;
  readonly bytesAvailSendBuf: number;
  readonly bytesAvailReceiveBuf: number;
  readonly mbpsMaxBW: number;
  readonly byteMSS: number;
  readonly packetsSendBuf: number;
  readonly bytesSendBuf: number;
  readonly msSendBuf: number;
  readonly msSendTsbPdDelay: number;
  readonly packetsReceiveBuf: number;
  readonly bytesReceiveBuf: number;
  readonly msReceiveBuf: number;
  readonly msReceiveTsbPdDelay: number;
  readonly packetsReorderTolerance: number;
  readonly packetsReceivedAvgBelatedTime: number;
  readonly packetsSendLossRate: number;
  readonly packetsReceivedLossRate: number;
  readonly outboundFramesDiscarded: number;
}

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
