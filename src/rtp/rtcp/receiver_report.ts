import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { rtcpHeaderSize, rtcpType, writeRtcpHeader } from "./header.ts";
import { readReportBlock, type ReportBlock, reportBlockSize, writeReportBlock } from "./report_block.ts";

/** Receiver report (RFC 3550 §6.4.2). Profile-specific extensions are skipped. */
export interface ReceiverReport {
  readonly kind: "receiverReport";
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}

export function parseReceiverReport(reader: ByteReader, count: number): ReceiverReport {
  return {
    kind: "receiverReport",
    ssrc: reader.u32("RR SSRC"),
    reports: Array.from({ length: count }, () => readReportBlock(reader)),
  };
}

export function receiverReportSize(message: ReceiverReport): number {
  return rtcpHeaderSize + 4 + message.reports.length * reportBlockSize;
}

export function writeReceiverReport(writer: ByteWriter, message: ReceiverReport): void {
  writeRtcpHeader(writer, message.reports.length, rtcpType.receiverReport, receiverReportSize(message));
  writer.u32(message.ssrc);
  for (const block of message.reports) writeReportBlock(writer, block);
}
