import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import {
  feedbackHeaderSize,
  type FeedbackSources,
  readFeedbackSources,
  rtcpType,
  writeRtcpHeader,
} from "./header.ts";

export const transportWideFormat = 15;

/**
 * Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions §3.1), passed as it
 * is: whoever estimates bandwidth reads the chunks.
 */
export interface TransportWide extends FeedbackSources {
  readonly kind: "transportWide";
  /** Everything behind the two SSRCs; a multiple of 4 bytes. */
  readonly feedback: Uint8Array;
}

export function parseTransportWide(reader: ByteReader): TransportWide {
  return { kind: "transportWide", ...readFeedbackSources(reader), feedback: reader.rest() };
}

function paddedSize(message: TransportWide): number {
  return message.feedback.length + 3 & ~3;
}

export function transportWideSize(message: TransportWide): number {
  return feedbackHeaderSize + paddedSize(message);
}

export function writeTransportWide(writer: ByteWriter, message: TransportWide): void {
  const end = writer.offset + transportWideSize(message);
  writeRtcpHeader(writer, transportWideFormat, rtcpType.transportFeedback, transportWideSize(message));
  writer.u32(message.senderSsrc).u32(message.mediaSsrc).raw(message.feedback);
  writer.offset = end;
}
