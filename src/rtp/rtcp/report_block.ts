import type { ByteReader, ByteWriter } from "../../base/bytes.ts";

export const reportBlockSize = 24;

/** Reception report block (RFC 3550 §6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** In 1/256 since the report before. */
  readonly fractionLost: number;
  /** Signed 24 bits: duplicates make it negative. */
  readonly cumulativeLost: number;
  /** Cycles in the upper, sequence number in the lower 16 bits. */
  readonly highestSequence: number;
  /** In clock ticks. */
  readonly jitter: number;
  /** The middle 32 bits of the NTP timestamp of the last sender report; 0 when there was none. */
  readonly lastSenderReport: number;
  /** In 1/65536 second. */
  readonly delaySinceLastSenderReport: number;
}

export function readReportBlock(reader: ByteReader): ReportBlock {
  const ssrc = reader.u32("report block SSRC");
  const lost = reader.u32("cumulative number of packets lost");
  return {
    ssrc,
    fractionLost: lost >>> 24,
    cumulativeLost: lost << 8 >> 8,
    highestSequence: reader.u32("extended highest sequence number received"),
    jitter: reader.u32("interarrival jitter"),
    lastSenderReport: reader.u32("last SR"),
    delaySinceLastSenderReport: reader.u32("delay since last SR"),
  };
}

export function writeReportBlock(writer: ByteWriter, block: ReportBlock): void {
  writer.u32(block.ssrc).u8(block.fractionLost).u24(block.cumulativeLost & 0xffffff)
    .u32(block.highestSequence).u32(block.jitter)
    .u32(block.lastSenderReport).u32(block.delaySinceLastSenderReport);
}
