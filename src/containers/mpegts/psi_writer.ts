/** PAT and PMT of the one program that the muxer writes, as ready packets. */
import { packetBodySize, packetSize, patPid, writePacketHeader } from "./wire/packet.ts";
import { serializePat } from "./wire/pat.ts";
import { type PmtStream, serializePmt } from "./wire/pmt.ts";
import { serializeSection, TableId } from "./wire/section.ts";

export const pmtPid = 0x1000;
const transportStreamId = 1;
const programNumber = 1;
/** pointer_field: the section starts right behind it. */
const pointerSize = 1;

interface Table {
  readonly packets: Uint8Array<ArrayBuffer>;
  continuityCounter: number;
}

function sectionPackets(pid: number, section: Uint8Array): Table {
  const size = pointerSize + section.length;
  const count = Math.ceil(size / packetBodySize);
  const packets = new Uint8Array(count * packetSize).fill(0xff);
  let from = 0;
  for (let i = 0; i < count; i++) {
    let at = writePacketHeader(packets, i * packetSize, pid, i === 0, 0, null, packetBodySize);
    if (i === 0) packets[at++] = 0;
    const room = (i + 1) * packetSize - at;
    packets.set(section.subarray(from, from + room), at);
    from += room;
  }
  return { packets, continuityCounter: 0 };
}

export class PsiWriter {
  readonly #tables: readonly Table[];
  /** Bytes of one repetition. */
  readonly size: number;

  /** Throws ParseError when the streams do not fit into one section. */
  constructor(pcrPid: number, streams: readonly PmtStream[]) {
    const common = { version: 0, current: true, number: 0, lastNumber: 0 };
    const pat = serializePat([{ number: programNumber, pmtPid }]);
    const pmt = serializePmt({ pcrPid, descriptors: [], streams });
    const patSection = { ...common, tableId: TableId.pat, extension: transportStreamId, data: pat };
    const pmtSection = { ...common, tableId: TableId.pmt, extension: programNumber, data: pmt };
    this.#tables = [
      sectionPackets(patPid, serializeSection(patSection)),
      sectionPackets(pmtPid, serializeSection(pmtSection)),
    ];
    this.size = this.#tables.reduce((sum, table) => sum + table.packets.length, 0);
  }

  /** Writes one repetition at `at`; returns where it ends. */
  write(out: Uint8Array, at: number): number {
    for (const table of this.#tables) {
      out.set(table.packets, at);
      for (const end = at + table.packets.length; at < end; at += packetSize) {
        out[at + 3] = out[at + 3] & 0xf0 | table.continuityCounter;
        table.continuityCounter = table.continuityCounter + 1 & 0x0f;
      }
    }
    return at;
  }
}
