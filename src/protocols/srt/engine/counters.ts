/** What a connection has counted since its start. Bytes include SRT, UDP and IP headers. */
export class Counters {
  packetsSent = 0;
  packetsSentUnique = 0;
  packetsRetransmitted = 0;
  bytesSent = 0;
  bytesSentUnique = 0;
  bytesRetransmitted = 0;
  /** Packets that the peer has reported as lost. */
  packetsSendLoss = 0;
  /** Too late to be sent, or to be sent again. */
  packetsSendDropped = 0;
  bytesSendDropped = 0;
  /** Messages of the application of which something was dropped. */
  unitsDiscarded = 0;
  /** Microseconds in which there was something to send. */
  sendDuration = 0;
  acksSent = 0;
  acksReceived = 0;
  naksSent = 0;
  naksReceived = 0;
  keyMessagesSent = 0;
  keyMessagesReceived = 0;

  packetsReceived = 0;
  packetsReceivedUnique = 0;
  packetsReceivedRetransmitted = 0;
  bytesReceived = 0;
  bytesReceivedUnique = 0;
  bytesReceivedRetransmitted = 0;
  packetsReceivedLost = 0;
  bytesReceivedLost = 0;
  /** Came after they were due. */
  packetsBelated = 0;
  bytesBelated = 0;
  /** Sum over the belated packets, microseconds. */
  belatedTime = 0;
  /** Were not there when they were due. */
  packetsReceiveDropped = 0;
  bytesReceiveDropped = 0;
  packetsUndecrypted = 0;
  bytesUndecrypted = 0;
}
