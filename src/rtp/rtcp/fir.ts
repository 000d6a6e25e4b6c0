import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import {
  feedbackHeaderSize,
  type FeedbackSources,
  readFeedbackSources,
  rtcpType,
  writeRtcpHeader,
} from "./header.ts";

export const firFormat = 4;
export const maxFirEntries = 64;

/** Full intra request (RFC 5104 §4.3.1). */
export interface Fir extends FeedbackSources {
  readonly kind: "fir";
  readonly entries: readonly {
    readonly ssrc: number;
    /** 8 bits; a repeated request keeps its number. */
    readonly sequence: number;
  }[];
}

export function parseFir(reader: ByteReader): Fir {
  const sources = readFeedbackSources(reader);
  const entries: { ssrc: number; sequence: number }[] = [];
  while (reader.remaining >= 8 && entries.length < maxFirEntries) {
    const ssrc = reader.u32("FIR SSRC");
    const sequence = reader.u8("FIR sequence number");
    reader.skip(3, "FIR reserved");
    entries.push({ ssrc, sequence });
  }
  return { kind: "fir", ...sources, entries };
}

export function firSize(message: Fir): number {
  return feedbackHeaderSize + 8 * message.entries.length;
}

export function writeFir(writer: ByteWriter, message: Fir): void {
  writeRtcpHeader(writer, firFormat, rtcpType.payloadFeedback, firSize(message));
  writer.u32(message.senderSsrc).u32(message.mediaSsrc);
  for (const { ssrc, sequence } of message.entries) writer.u32(ssrc).u8(sequence).u24(0);
}
