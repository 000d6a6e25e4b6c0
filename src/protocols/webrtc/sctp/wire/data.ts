/** DATA and SACK: RFC 9260 §3.3.1, §3.3.4. */
import { ByteReader, concat } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import { type Chunk, chunkType } from "./packet.ts";

/** Bytes before the payload of a DATA chunk, without the chunk's header. */
export const dataHeaderSize = 12;

const flag = { end: 1, begin: 2, unordered: 4 } as const;

/** One fragment of a message. */
export interface Data {
  readonly tsn: number;
  readonly stream: number;
  readonly streamSequence: number;
  readonly payloadProtocol: number;
  readonly begin: boolean;
  readonly end: boolean;
  readonly unordered: boolean;
  readonly payload: Uint8Array;
}

/** Throws ParseError, also for a chunk without user data (RFC 9260 §6.2): any number of them would fit into any window. */
export function parseData({ flags, value }: Chunk): Data {
  const reader = new ByteReader(value);
  if (value.length === dataHeaderSize) throw new ParseError("DATA", "has no user data", dataHeaderSize);
  return {
    tsn: reader.u32("TSN"),
    stream: reader.u16("stream identifier"),
    streamSequence: reader.u16("stream sequence number"),
    payloadProtocol: reader.u32("payload protocol identifier"),
    begin: (flags & flag.begin) !== 0,
    end: (flags & flag.end) !== 0,
    unordered: (flags & flag.unordered) !== 0,
    payload: reader.rest(),
  };
}

export function serializeData(data: Data): Chunk {
  const head = new Uint8Array(dataHeaderSize);
  const view = new DataView(head.buffer);
  view.setUint32(0, data.tsn);
  view.setUint16(4, data.stream);
  view.setUint16(6, data.streamSequence);
  view.setUint32(8, data.payloadProtocol);
  const flags = (data.begin ? flag.begin : 0) | (data.end ? flag.end : 0) |
    (data.unordered ? flag.unordered : 0);
  return { type: chunkType.data, flags, value: concat([head, data.payload]) };
}

/** `gaps` are received ranges behind `cumulativeTsn`, as distances from it, both ends included. */
export interface Sack {
  readonly cumulativeTsn: number;
  readonly window: number;
  readonly gaps: readonly { readonly start: number; readonly end: number }[];
}

/** Throws ParseError. The duplicates that it reports are of no use to us. */
export function parseSack(value: Uint8Array): Sack {
  const reader = new ByteReader(value);
  const cumulativeTsn = reader.u32("cumulative TSN");
  const window = reader.u32("a_rwnd");
  const gapCount = reader.u16("number of gap blocks");
  reader.u16("number of duplicates");
  const gaps: { start: number; end: number }[] = [];
  for (let i = 0; i < gapCount; i++) {
    gaps.push({ start: reader.u16("gap start"), end: reader.u16("gap end") });
  }
  return { cumulativeTsn, window, gaps };
}

export function serializeSack(sack: Sack): Chunk {
  const value = new Uint8Array(12 + 4 * sack.gaps.length);
  const view = new DataView(value.buffer);
  view.setUint32(0, sack.cumulativeTsn);
  view.setUint32(4, sack.window);
  view.setUint16(8, sack.gaps.length);
  sack.gaps.forEach(({ start, end }, i) => {
    view.setUint16(12 + 4 * i, start);
    view.setUint16(14 + 4 * i, end);
  });
  return { type: chunkType.sack, flags: 0, value };
}
