import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { distance16 } from "../../base/time.ts";
import {
  feedbackHeaderSize,
  type FeedbackSources,
  readFeedbackSources,
  rtcpType,
  writeRtcpHeader,
} from "./header.ts";

export const nackFormat = 1;
/** Each pair names 17 packets at most; more than a reader could still use is not looked at. */
export const maxNackPairs = 256;

/** Generic NACK (RFC 4585 §6.2.1). */
export interface Nack extends FeedbackSources {
  readonly kind: "nack";
  /** Sequence numbers of the packets asked for, in the order of the message. */
  readonly sequences: readonly number[];
}

export function parseNack(reader: ByteReader): Nack {
  const sources = readFeedbackSources(reader);
  const sequences: number[] = [];
  for (let pair = 0; pair < maxNackPairs && reader.remaining >= 4; pair++) {
    const first = reader.u16("NACK PID");
    sequences.push(first);
    for (let mask = reader.u16("NACK BLP"), i = 1; mask !== 0; mask >>= 1, i++) {
      if ((mask & 1) !== 0) sequences.push(first + i & 0xffff);
    }
  }
  return { kind: "nack", ...sources, sequences };
}

/** PID and BLP of each pair; sequences that follow within 16 of a PID share its pair. */
function pairs(sequences: readonly number[]): { pid: number; blp: number }[] {
  const out: { pid: number; blp: number }[] = [];
  for (const sequence of sequences) {
    const last = out.at(-1);
    const ahead = last === undefined ? 0 : distance16(last.pid, sequence);
    if (last !== undefined && ahead >= 1 && ahead <= 16) last.blp |= 1 << ahead - 1;
    else if (last?.pid !== sequence) out.push({ pid: sequence, blp: 0 });
  }
  return out;
}

export function nackSize(message: Nack): number {
  return feedbackHeaderSize + 4 * pairs(message.sequences).length;
}

export function writeNack(writer: ByteWriter, message: Nack): void {
  writeRtcpHeader(writer, nackFormat, rtcpType.transportFeedback, nackSize(message));
  writer.u32(message.senderSsrc).u32(message.mediaSsrc);
  for (const { pid, blp } of pairs(message.sequences)) writer.u16(pid).u16(blp);
}
