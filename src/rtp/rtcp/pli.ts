import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import {
  feedbackHeaderSize,
  type FeedbackSources,
  readFeedbackSources,
  rtcpType,
  writeRtcpHeader,
} from "./header.ts";

export const pliFormat = 1;

/** Picture loss indication (RFC 4585 §6.3.1). */
export interface Pli extends FeedbackSources {
  readonly kind: "pli";
}

export function parsePli(reader: ByteReader): Pli {
  return { kind: "pli", ...readFeedbackSources(reader) };
}

export function pliSize(): number {
  return feedbackHeaderSize;
}

export function writePli(writer: ByteWriter, message: Pli): void {
  writeRtcpHeader(writer, pliFormat, rtcpType.payloadFeedback, pliSize());
  writer.u32(message.senderSsrc).u32(message.mediaSsrc);
}
