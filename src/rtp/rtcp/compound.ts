/** Compound RTCP packets (RFC 3550 §6.1): messages back to back in one datagram or interleaved frame. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { type Bye, byeSize, parseBye, writeBye } from "./bye.ts";
import { type Fir, firFormat, firSize, parseFir, writeFir } from "./fir.ts";
import { maxRtcpCount, maxRtcpMessages, maxRtcpSize, rtcpHeaderSize, rtcpType } from "./header.ts";
import { type Nack, nackFormat, nackSize, parseNack, writeNack } from "./nack.ts";
import { parsePli, type Pli, pliFormat, pliSize, writePli } from "./pli.ts";
import {
  parseReceiverReport,
  type ReceiverReport,
  receiverReportSize,
  writeReceiverReport,
} from "./receiver_report.ts";
import { applicationFeedbackFormat, parseRemb, type Remb, rembSize, writeRemb } from "./remb.ts";
import {
  parseSenderReport,
  type SenderReport,
  senderReportSize,
  writeSenderReport,
} from "./sender_report.ts";
import {
  parseSourceDescription,
  type SourceDescription,
  sourceDescriptionSize,
  writeSourceDescription,
} from "./source_description.ts";
import {
  parseTransportWide,
  type TransportWide,
  transportWideFormat,
  transportWideSize,
  writeTransportWide,
} from "./transport_wide.ts";

export type RtcpMessage =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Bye
  | Nack
  | TransportWide
  | Pli
  | Fir
  | Remb;

/** Null for messages that are skipped: APP, unknown types and feedback formats. */
function parseMessage(reader: ByteReader, type: number, count: number): RtcpMessage | null {
  switch (type) {
    case rtcpType.senderReport:
      return parseSenderReport(reader, count);
    case rtcpType.receiverReport:
      return parseReceiverReport(reader, count);
    case rtcpType.sourceDescription:
      return parseSourceDescription(reader, count);
    case rtcpType.bye:
      return parseBye(reader, count);
    case rtcpType.transportFeedback:
      if (count === nackFormat) return parseNack(reader);
      return count === transportWideFormat ? parseTransportWide(reader) : null;
    case rtcpType.payloadFeedback:
      if (count === pliFormat) return parsePli(reader);
      if (count === firFormat) return parseFir(reader);
      return count === applicationFeedbackFormat ? parseRemb(reader) : null;
    default:
      return null;
  }
}

/** Padding that does not fit is taken as payload: senders that set the bit without padding exist. */
function withoutPadding(body: Uint8Array): Uint8Array {
  const padding = body.at(-1) ?? 0;
  return padding === 0 || padding > body.length || padding % 4 !== 0 ? body : body.subarray(0, -padding);
}

function parseOne(bytes: Uint8Array, at: number): { message: RtcpMessage | null; end: number } {
  if (at + rtcpHeaderSize > bytes.length) throw new ParseError("RTCP header", "is cut off", at);
  const first = bytes[at];
  if (first >> 6 !== 2) throw new ParseError("RTCP version", `is ${first >> 6}, expected 2`, at);
  const end = at + 4 * ((bytes[at + 2] << 8 | bytes[at + 3]) + 1);
  if (end > bytes.length) throw new ParseError("RTCP length", "runs over the packet", at + 2);
  let body = bytes.subarray(at + rtcpHeaderSize, end);
  if ((first & 0x20) !== 0) body = withoutPadding(body);
  return { message: parseMessage(new ByteReader(body), bytes[at + 1], first & 0x1f), end };
}

/**
 * The messages that are known, in order. Throws ParseError when the first message is broken; a broken later one ends
 * the list, because some cameras send a good report in front of a bad description.
 */
export function parseRtcp(bytes: Uint8Array): RtcpMessage[] {
  if (bytes.length > maxRtcpSize) throw new ParseError("RTCP packet", `has ${bytes.length} bytes`, 0);
  const messages: RtcpMessage[] = [];
  for (let at = 0, count = 0; (at < bytes.length || at === 0) && count < maxRtcpMessages; count++) {
    try {
      const { message, end } = parseOne(bytes, at);
      if (message !== null) messages.push(message);
      at = end;
    } catch (error) {
      if (at === 0 || !(error instanceof ParseError)) throw error;
      return messages;
    }
  }
  return messages;
}

function sizeOf(message: RtcpMessage): number {
  switch (message.kind) {
    case "senderReport":
      return senderReportSize(message);
    case "receiverReport":
      return receiverReportSize(message);
    case "sourceDescription":
      return sourceDescriptionSize(message);
    case "bye":
      return byeSize(message);
    case "nack":
      return nackSize(message);
    case "transportWide":
      return transportWideSize(message);
    case "pli":
      return pliSize();
    case "fir":
      return firSize(message);
    case "remb":
      return rembSize(message);
  }
}

function write(writer: ByteWriter, message: RtcpMessage): void {
  switch (message.kind) {
    case "senderReport":
      return writeSenderReport(writer, message);
    case "receiverReport":
      return writeReceiverReport(writer, message);
    case "sourceDescription":
      return writeSourceDescription(writer, message);
    case "bye":
      return writeBye(writer, message);
    case "nack":
      return writeNack(writer, message);
    case "transportWide":
      return writeTransportWide(writer, message);
    case "pli":
      return writePli(writer, message);
    case "fir":
      return writeFir(writer, message);
    case "remb":
      return writeRemb(writer, message);
  }
}

/** What the five bits of the header count. */
function itemCount(message: RtcpMessage): number {
  switch (message.kind) {
    case "senderReport":
    case "receiverReport":
      return message.reports.length;
    case "sourceDescription":
      return message.chunks.length;
    case "bye":
      return message.ssrcs.length;
    default:
      return 0;
  }
}

/** More items than the header's five bits can count are a defect of the caller and throw RangeError. */
export function serializeRtcp(messages: readonly RtcpMessage[]): Uint8Array<ArrayBuffer> {
  for (const message of messages) {
    const count = itemCount(message);
    if (count > maxRtcpCount) {
      throw new RangeError(`${message.kind}: ${count} items, at most ${maxRtcpCount}`);
    }
  }
  const writer = new ByteWriter(messages.reduce((size, message) => size + sizeOf(message), 0));
  for (const message of messages) write(writer, message);
  return writer.bytes;
}

/** Is a packet on a port shared by both RTCP (true) or RTP (false)? RFC 5761 §4. */
export function isRtcp(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[1] >= 192 && bytes[1] <= 223;
}
