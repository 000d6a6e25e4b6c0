import type { Chunk, Sink } from "../../../stream/sink.ts";
import { serializeInterleaved } from "../wire/interleaved.ts";
import { interleaveBatch, interleavedSize, type UnitWire } from "./unit_wire.ts";

/** RTP channel of each track, by track id; -1: the reader did not ask for it. */
export type ChannelMap = readonly number[];

/** All TCP readers that use the same channels (nearly always all of them): one chunk of bytes for all. */
export class InterleavedFanout {
  readonly sinks = new Set<Sink>();
  /** What each of them has been sent since the first one came. */
  reports = 0;
  reportBytes = 0;

  constructor(
    private readonly channels: ChannelMap,
    readonly secure: boolean,
    private readonly hasVideo: boolean,
  ) {}

  /** Gives the bytes and units that one reader got. */
  write(wires: readonly UnitWire[]): { bytes: number; units: number } {
    let bytes = 0;
    let units = 0;
    for (const chunk of this.chunks(wires)) {
      bytes += chunk.bytes.length;
      units += chunk.units;
      for (const sink of this.sinks) sink.push(chunk);
    }
    return { bytes, units };
  }

  /** One chunk for everything that came together, cut only where a reader may start anew. */
  chunks(wires: readonly UnitWire[]): Chunk[] {
    const wanted = wires.filter(({ unit }) => this.channels[unit.track.id] >= 0 && unit.packets.length > 0);
    const chunks: Chunk[] = [];
    let from = 0;
    for (let i = 1; i <= wanted.length; i++) {
      if (i === wanted.length || (this.hasVideo && this.#startsDecoding(wanted[i]))) {
        chunks.push(this.#chunk(wanted.slice(from, i)));
        from = i;
      }
    }
    return chunks;
  }

  #startsDecoding({ unit }: UnitWire): boolean {
    return !this.hasVideo || (unit.track.isVideo && unit.randomAccess);
  }

  #chunk(wires: readonly UnitWire[]): Chunk {
    const batches = wires.map((wire) => this.secure ? wire.protected : wire.plain);
    let size = 0;
    let packets = 0;
    for (const batch of batches) {
      size += interleavedSize(batch);
      packets += batch.sizes.length;
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    batches.forEach((batch, i) => {
      at = interleaveBatch(batch, this.channels[wires[i].unit.track.id], bytes, at);
    });
    return { bytes, units: wires.length, packets, randomAccess: this.#startsDecoding(wires[0]) };
  }

  /** RTCP of one track, to all. */
  writeReport(trackId: number, report: Uint8Array): void {
    const bytes = this.#frameReport(trackId, report);
    if (bytes === null) return;
    this.reports++;
    this.reportBytes += bytes.length;
    for (const sink of this.sinks) sink.pushControl(bytes);
  }

  /** The same to one that is about to come. Gives the bytes that it was sent. */
  writeReportTo(sink: Sink, trackId: number, report: Uint8Array): number {
    const bytes = this.#frameReport(trackId, report);
    if (bytes === null) return 0;
    sink.pushControl(bytes);
    return bytes.length;
  }

  /** Null when nobody here has the track. */
  #frameReport(trackId: number, report: Uint8Array): Uint8Array | null {
    const channel = this.channels[trackId];
    return channel < 0 ? null : serializeInterleaved(channel + 1, report);
  }
}
