/** Headers of packetized elementary streams (ISO/IEC 13818-1 §2.4.3.6). */
import { ParseError } from "../../../base/errors.ts";
import { wrapTimestamp } from "./timestamp.ts";

/** stream_id, ISO/IEC 13818-1 table 2-22. */
export const StreamId = {
  programStreamMap: 0xbc,
  private1: 0xbd,
  padding: 0xbe,
  private2: 0xbf,
  audio: 0xc0,
  video: 0xe0,
  ecm: 0xf0,
  emm: 0xf1,
  dsmcc: 0xf2,
  h222TypeE: 0xf8,
  metadata: 0xfc,
  programStreamDirectory: 0xff,
} as const;

/** These have no header beyond the length. */
const plainStreams: ReadonlySet<number> = new Set([
  StreamId.programStreamMap,
  StreamId.padding,
  StreamId.private2,
  StreamId.ecm,
  StreamId.emm,
  StreamId.dsmcc,
  StreamId.h222TypeE,
  StreamId.programStreamDirectory,
]);

export interface PesHeader {
  readonly streamId: number;
  /**
   * Bytes of the payload; null when the packet ends where the next one begins, which only video may do
   * (PES_packet_length 0).
   */
  readonly payloadSize: number | null;
  /** An access unit starts with the first byte. */
  readonly aligned: boolean;
  /** 90 kHz ticks, 33 bits. */
  readonly pts?: number;
  /** As `pts`; absent when it is the same. */
  readonly dts?: number;
}

/** Bytes up to and with PES_packet_length. */
const prefixSize = 6;
/** Bytes up to and with PES_header_data_length. */
const fixedSize = 9;
const timestampSize = 5;
/** The largest header: PES_header_data_length has eight bits. */
export const maxPesHeaderSize = fixedSize + 255;
const maxPesPacketLength = 0xffff;
/** What fits behind the largest header that we write, when the length has to be told. */
export const maxBoundedPayload = maxPesPacketLength - (fixedSize - prefixSize) - 2 * timestampSize;

function parseTimestamp(bytes: Uint8Array, at: number): number {
  return (bytes[at] >> 1 & 7) * 2 ** 30 +
    (bytes[at + 1] << 22 | bytes[at + 2] >> 1 << 15 | bytes[at + 3] << 7 | bytes[at + 4] >> 1);
}

function writeTimestamp(out: Uint8Array, at: number, prefix: number, value: number): void {
  const wrapped = wrapTimestamp(value);
  const low = wrapped % 2 ** 30;
  out[at] = prefix << 4 | Math.floor(wrapped / 2 ** 30) << 1 | 1;
  out[at + 1] = low >> 22;
  out[at + 2] = low >> 14 | 1;
  out[at + 3] = low >> 7;
  out[at + 4] = low << 1 | 1;
}

/**
 * The header at the start of `bytes`, and its size; null when there are not yet enough bytes. Throws ParseError.
 */
export function parsePesHeader(bytes: Uint8Array): { header: PesHeader; size: number } | null {
  if (bytes.length < prefixSize) return null;
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) {
    throw new ParseError("packet_start_code_prefix", "is missing", 0);
  }
  const streamId = bytes[3];
  const length = bytes[4] << 8 | bytes[5];
  if (plainStreams.has(streamId)) {
    return { header: { streamId, payloadSize: length, aligned: false }, size: prefixSize };
  }
  if (bytes.length < fixedSize) return null;
  if (bytes[6] >> 6 !== 2) throw new ParseError("PES header", "is not one of MPEG-2", 6);
  const size = fixedSize + bytes[8];
  if (length !== 0 && prefixSize + length < size) {
    throw new ParseError("PES_packet_length", `${length} is shorter than the header`, 4);
  }
  if (bytes.length < size) return null;
  const flags = bytes[7] >> 6;
  const wanted = flags === 3 ? 2 * timestampSize : flags === 2 ? timestampSize : 0;
  if (flags === 1) throw new ParseError("PTS_DTS_flags", "1 is forbidden", 7);
  if (bytes[8] < wanted) throw new ParseError("PES_header_data_length", `${bytes[8]} is too small`, 8);
  const header: PesHeader = {
    streamId,
    payloadSize: length === 0 ? null : prefixSize + length - size,
    aligned: (bytes[6] & 0x04) !== 0,
    ...(flags !== 0 && { pts: parseTimestamp(bytes, fixedSize) }),
    ...(flags === 3 && { dts: parseTimestamp(bytes, fixedSize + timestampSize) }),
  };
  return { header, size };
}

/** With the fields that the stream ids of `PesHeader`s from us have: never one of the plain streams. */
export function serializePesHeader(header: PesHeader): Uint8Array<ArrayBuffer> {
  const { pts, dts, payloadSize } = header;
  const dataSize = pts === undefined ? 0 : dts === undefined ? timestampSize : 2 * timestampSize;
  const bytes = new Uint8Array(fixedSize + dataSize);
  bytes[2] = 1;
  bytes[3] = header.streamId;
  const length = payloadSize === null ? 0 : fixedSize - prefixSize + dataSize + payloadSize;
  if (length > maxPesPacketLength) throw new ParseError("PES_packet_length", `${length} is too large`);
  bytes[4] = length >> 8;
  bytes[5] = length;
  bytes[6] = header.aligned ? 0x84 : 0x80;
  bytes[7] = pts === undefined ? 0 : dts === undefined ? 0x80 : 0xc0;
  bytes[8] = dataSize;
  if (pts !== undefined) writeTimestamp(bytes, fixedSize, dts === undefined ? 2 : 3, pts);
  if (pts !== undefined && dts !== undefined) writeTimestamp(bytes, fixedSize + timestampSize, 1, dts);
  return bytes;
}
