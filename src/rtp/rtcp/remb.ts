import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { feedbackHeaderSize, readFeedbackSources, rtcpType, writeRtcpHeader } from "./header.ts";

/** Application layer feedback (RFC 4585 §6.4); of these only REMB is known. */
export const applicationFeedbackFormat = 15;
const identifier = 0x52454d42;
const maxMantissa = 2 ** 18 - 1;
/** The message counts its SSRCs in eight bits. */
export const maxRembSsrcs = 255;

/** Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb §2.2). */
export interface Remb {
  readonly kind: "remb";
  readonly senderSsrc: number;
  /** bit/s; written with 18 significant bits, rounded down. */
  readonly bitrate: number;
  readonly ssrcs: readonly number[];
}

/** Null for application feedback of another kind. */
export function parseRemb(reader: ByteReader): Remb | null {
  const { senderSsrc } = readFeedbackSources(reader);
  if (reader.remaining < 8 || reader.u32("REMB identifier") !== identifier) return null;
  const count = reader.u8("REMB Num SSRC");
  const rate = reader.u24("REMB BR");
  if (reader.remaining < 4 * count) {
    throw new ParseError("REMB Num SSRC", `is ${count} in ${reader.remaining} bytes`, reader.offset);
  }
  return {
    kind: "remb",
    senderSsrc,
    bitrate: (rate & maxMantissa) * 2 ** (rate >>> 18),
    ssrcs: Array.from({ length: count }, () => reader.u32("REMB SSRC feedback")),
  };
}

export function rembSize(message: Remb): number {
  return feedbackHeaderSize + 8 + 4 * message.ssrcs.length;
}

export function writeRemb(writer: ByteWriter, message: Remb): void {
  let mantissa = Math.max(0, Math.floor(message.bitrate));
  let exponent = 0;
  for (; mantissa > maxMantissa; exponent++) mantissa = Math.floor(mantissa / 2);
  writeRtcpHeader(writer, applicationFeedbackFormat, rtcpType.payloadFeedback, rembSize(message));
  writer.u32(message.senderSsrc).u32(0).u32(identifier).u8(message.ssrcs.length)
    .u8(exponent << 2 | mantissa >>> 16).u16(mantissa & 0xffff);
  for (const ssrc of message.ssrcs) writer.u32(ssrc);
}
