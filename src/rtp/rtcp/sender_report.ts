import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { rtcpHeaderSize, rtcpType, writeRtcpHeader } from "./header.ts";
import { readReportBlock, type ReportBlock, reportBlockSize, writeReportBlock } from "./report_block.ts";

/** Sender report (RFC 3550 §6.4.1). Profile-specific extensions are skipped. */
export interface SenderReport {
  readonly kind: "senderReport";
  readonly ssrc: number;
  /** NTP timestamp; 0, 0 when the sender has no clock. */
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  /** The same instant in clock ticks of the stream. */
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  /** Payload bytes, without headers and padding. */
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
}

export function parseSenderReport(reader: ByteReader, count: number): SenderReport {
  return {
    kind: "senderReport",
    ssrc: reader.u32("SR SSRC"),
    ntpSeconds: reader.u32("SR NTP timestamp"),
    ntpFraction: reader.u32("SR NTP timestamp"),
    rtpTimestamp: reader.u32("SR RTP timestamp"),
    packetCount: reader.u32("SR sender's packet count"),
    octetCount: reader.u32("SR sender's octet count"),
    reports: Array.from({ length: count }, () => readReportBlock(reader)),
  };
}

export function senderReportSize(message: SenderReport): number {
  return rtcpHeaderSize + 24 + message.reports.length * reportBlockSize;
}

export function writeSenderReport(writer: ByteWriter, message: SenderReport): void {
  writeRtcpHeader(writer, message.reports.length, rtcpType.senderReport, senderReportSize(message));
  writer.u32(message.ssrc).u32(message.ntpSeconds).u32(message.ntpFraction)
    .u32(message.rtpTimestamp).u32(message.packetCount).u32(message.octetCount);
  for (const block of message.reports) writeReportBlock(writer, block);
}
