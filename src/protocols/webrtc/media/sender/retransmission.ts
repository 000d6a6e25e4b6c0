/** Packets that a reader asks for again. */
import { rtpHeaderSize, type RtpPacket } from "../../../../rtp/packet.ts";
import type { RtpRewrite, SrtpBatch } from "../../../../rtp/srtp/mod.ts";

/** One packet to be sent again, and what this reader has seen otherwise than others. */
export interface Resent {
  readonly packet: RtpPacket;
  readonly rewrite: RtpRewrite;
}

/** How: `rtx` as RFC 4588 §4 says, in a stream of its own; null repeats the packet, bit by bit as it was. */
export interface ResendForm {
  readonly rtx: { readonly payloadType: number; readonly ssrc: number; readonly sequence: number } | null;
}

const originalSequenceSize = 2;

/**
 * The packets in plain. A repeated packet must be what it was: SRTP encrypts it with the same key stream. The number in
 * the stream of retransmissions grows by one with each packet.
 */
export function buildResent(resent: readonly Resent[], form: ResendForm): SrtpBatch {
  const { rtx } = form;
  const added = rtx === null ? 0 : originalSequenceSize;
  const sizes = resent.map(({ packet }) => packet.bytes.length + added);
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  resent.forEach(({ packet, rewrite }, i) => {
    const sequence = packet.sequence + rewrite.sequenceOffset;
    const timestamp = packet.timestamp + rewrite.timestampOffset;
    bytes.set(packet.bytes.subarray(0, rtpHeaderSize), at);
    bytes.set(packet.payload, at + rtpHeaderSize + added);
    writeU16(bytes, at + 4, timestamp >>> 16);
    writeU16(bytes, at + 6, timestamp);
    const marker = packet.marker ? 0x80 : 0;
    if (rtx === null) {
      bytes[at + 1] = marker | rewrite.payloadType;
      writeU16(bytes, at + 2, sequence);
    } else {
      bytes[at + 1] = marker | rtx.payloadType;
      writeU16(bytes, at + 2, rtx.sequence + i);
      writeU16(bytes, at + 8, rtx.ssrc >>> 16);
      writeU16(bytes, at + 10, rtx.ssrc);
      writeU16(bytes, at + rtpHeaderSize, sequence);
    }
    at += sizes[i];
  });
  return { bytes, sizes };
}

function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}
