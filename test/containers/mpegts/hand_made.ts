/** Transport streams put together packet by packet, for what the muxer would not write. */
import { concat } from "../../../src/base/bytes.ts";
import { pesPacketCount, writePes } from "../../../src/containers/mpegts/pes_writer.ts";
import { writePacketHeader } from "../../../src/containers/mpegts/wire/packet.ts";
import { serializePat } from "../../../src/containers/mpegts/wire/pat.ts";
import { type PesHeader, serializePesHeader } from "../../../src/containers/mpegts/wire/pes_header.ts";
import { type PmtStream, serializePmt } from "../../../src/containers/mpegts/wire/pmt.ts";
import { serializeSection } from "../../../src/containers/mpegts/wire/section.ts";

export const pmtPid = 0x100;

export class HandMade {
  readonly #counters = new Map<number, number>();

  #counter(pid: number, count = 1): number {
    const counter = this.#counters.get(pid) ?? 0;
    this.#counters.set(pid, (counter + count) & 15);
    return counter;
  }

  /** One packet with a section behind a pointer field of 0. */
  section(pid: number, section: Uint8Array): Uint8Array {
    const out = new Uint8Array(188).fill(0xff);
    const at = writePacketHeader(out, 0, pid, true, this.#counter(pid), null, 184);
    out[at] = 0;
    out.set(section, at + 1);
    return out;
  }

  pat(programs = [{ number: 1, pmtPid }], version = 0): Uint8Array {
    const data = serializePat(programs);
    const section = { tableId: 0, extension: 1, version, current: true, number: 0, lastNumber: 0, data };
    return this.section(0, serializeSection(section));
  }

  pmt(streams: readonly PmtStream[], version = 0, number = 1, pid = pmtPid, current = true): Uint8Array {
    const data = serializePmt({ pcrPid: 0x1fff, descriptors: [], streams });
    const section = { tableId: 2, extension: number, version, current, number: 0, lastNumber: 0, data };
    return this.section(pid, serializeSection(section));
  }

  /** PAT and PMT of streams without descriptors: PIDs by stream type. */
  tables(streams: Readonly<Record<number, number>>): Uint8Array {
    const list = Object.entries(streams).map(([pid, streamType]) => ({
      pid: Number(pid),
      streamType,
      descriptors: [],
    }));
    return concat([this.pat(), this.pmt(list)]);
  }

  pes(
    pid: number,
    data: Uint8Array,
    times: { readonly pts?: number; readonly dts?: number },
    more: Partial<PesHeader> = {},
  ): Uint8Array {
    const header = { streamId: 0xc0, payloadSize: data.length, aligned: false, ...times, ...more };
    const parts = [serializePesHeader(header), data];
    const size = parts[0].length + data.length;
    const count = pesPacketCount(size, null);
    const out = new Uint8Array(188 * count);
    writePes(out, 0, pid, this.#counter(pid, count), null, parts, size);
    return out;
  }
}
