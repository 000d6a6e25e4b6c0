/** What the files of this folder share: the RTCP header (RFC 3550 §6.4.1) and its limits. */
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";

export const rtcpHeaderSize = 4;
/** A datagram holds no more; over TCP the frame has 16 bits of length. */
export const maxRtcpSize = 65535;
/** Messages of one compound packet that are looked at. */
export const maxRtcpMessages = 64;
/** Items of one message (the header's five bits of count). */
export const maxRtcpCount = 31;

/** Packet types (RFC 3550 §12.1, RFC 4585 §6.1). APP and the others are skipped. */
export const rtcpType = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  bye: 203,
  transportFeedback: 205,
  payloadFeedback: 206,
} as const;

/** `size` is that of the whole message, a multiple of 4; `count` is the five-bit field. */
export function writeRtcpHeader(writer: ByteWriter, count: number, type: number, size: number): void {
  writer.u8(0x80 | count).u8(type).u16(size / 4 - 1);
}

/** Both SSRCs of a feedback message (RFC 4585 §6.1). */
export interface FeedbackSources {
  readonly senderSsrc: number;
  /** 0 where the message names its targets itself (FIR, REMB). */
  readonly mediaSsrc: number;
}

export const feedbackHeaderSize = rtcpHeaderSize + 8;

export function readFeedbackSources(reader: ByteReader): FeedbackSources {
  return { senderSsrc: reader.u32("SSRC of packet sender"), mediaSsrc: reader.u32("SSRC of media source") };
}
