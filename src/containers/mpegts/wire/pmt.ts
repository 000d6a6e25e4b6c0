/** The program map table (ISO/IEC 13818-1 §2.4.4.8). */
import { ByteReader, ByteWriter } from "../../../base/bytes.ts";
import { type Descriptor, parseDescriptors, serializeDescriptors } from "./descriptor.ts";

export interface PmtStream {
  readonly streamType: number;
  readonly pid: number;
  readonly descriptors: readonly Descriptor[];
}

export interface Pmt {
  /** 0x1fff when the program has no clock. */
  readonly pcrPid: number;
  readonly descriptors: readonly Descriptor[];
  readonly streams: readonly PmtStream[];
}

/** `data` of its section. Throws ParseError. */
export function parsePmt(data: Uint8Array): Pmt {
  const reader = new ByteReader(data);
  const pcrPid = reader.u16("PCR_PID") & 0x1fff;
  const infoSize = reader.u16("program_info_length") & 0x0fff;
  const descriptors = parseDescriptors(reader.view(infoSize, "program_info"));
  const streams: PmtStream[] = [];
  while (reader.remaining > 0) {
    const streamType = reader.u8("stream_type");
    const pid = reader.u16("elementary_PID") & 0x1fff;
    const size = reader.u16("ES_info_length") & 0x0fff;
    streams.push({ streamType, pid, descriptors: parseDescriptors(reader.view(size, "ES_info")) });
  }
  return { pcrPid, descriptors, streams };
}

export function serializePmt(pmt: Pmt): Uint8Array<ArrayBuffer> {
  const info = serializeDescriptors(pmt.descriptors);
  const infos = pmt.streams.map((stream) => serializeDescriptors(stream.descriptors));
  const writer = new ByteWriter(4 + info.length + infos.reduce((sum, bytes) => sum + 5 + bytes.length, 0));
  writer.u16(0xe000 | pmt.pcrPid).u16(0xf000 | info.length).raw(info);
  pmt.streams.forEach((stream, i) => {
    writer.u8(stream.streamType).u16(0xe000 | stream.pid).u16(0xf000 | infos[i].length).raw(infos[i]);
  });
  return writer.bytes;
}
