/** The program that is read: its tracks, from the PMT and their first frames, and their units. */
import { bytesEqual } from "../../base/bytes.ts";
import type { Codec } from "../../codecs/codec.ts";
import { type DemuxerEvent, DemuxerTrack, type SkippedStream } from "./demuxer_event.ts";
import type { PesTime } from "./elementary/decoder.ts";
import { identifyStream } from "./elementary/identify.ts";
import { ElementaryStream, type StreamSink } from "./elementary_stream.ts";
import { GatherBudget } from "./pes_assembler.ts";
import type { TransportPacket } from "./wire/packet.ts";
import type { Pmt, PmtStream } from "./wire/pmt.ts";
import { clockRate, distance33, Unwrapper33 } from "./wire/timestamp.ts";

/** Tracks of one program that are carried; more are skipped. */
export const maxDemuxerTracks = 32;
/** Units that wait until each track's codec is known: so many, … */
export const maxHeldUnits = 4096;
/** … so many bytes, … */
export const maxHeldBytes = 32 * 1024 * 1024;
/** … and so much media time, 3 s. Then tracks that have shown no frame are skipped. */
export const maxHeldTicks = 3 * clockRate;

type UnitEvent = DemuxerEvent & { readonly type: "unit" };

function sameEntry(a: PmtStream, b: PmtStream): boolean {
  return a.pid === b.pid && a.streamType === b.streamType && a.descriptors.length === b.descriptors.length &&
    a.descriptors.every(({ tag, data }, i) =>
      tag === b.descriptors[i].tag && bytesEqual(data, b.descriptors[i].data)
    );
}

function sameEntries(a: readonly PmtStream[], b: readonly PmtStream[]): boolean {
  return a.length === b.length && a.every((entry, i) => sameEntry(entry, b[i]));
}

export class Program implements StreamSink {
  /** Packets of tracks that can be read, so far. */
  packets = 0;
  #entries: readonly PmtStream[] | null = null;
  #streams = new Map<number, ElementaryStream>();
  #tracks = new Map<ElementaryStream, DemuxerTrack>();
  #skipped: SkippedStream[] = [];
  readonly #budget = new GatherBudget();
  readonly #clock = new Unwrapper33();
  #lastTime: PesTime | null = null;
  /** Units that wait for the announcement of the tracks; null when that has been made. */
  #held: UnitEvent[] | null = null;
  #heldBytes = 0;
  #heldFrom: number | null = null;

  constructor(private readonly emit: (event: DemuxerEvent) => void) {}

  /** A new or repeated PMT. */
  update(pmt: Pmt): void {
    const entries = pmt.streams;
    if (this.#entries !== null && sameEntries(this.#entries, entries)) return;
    this.#entries = entries;
    const old = this.#streams;
    this.#streams = new Map();
    this.#skipped = [];
    entries.forEach((entry, i) => this.#add(entry, i + 1, old.get(entry.pid)));
    for (const stream of old.values()) {
      if (this.#streams.get(stream.entry.pid) === stream) continue;
      stream.close();
      const track = this.#tracks.get(stream);
      this.#tracks.delete(stream);
      // It will not be announced any more.
      this.#held = this.#held?.filter((event) => event.track !== track) ?? null;
    }
    this.#held ??= [];
    this.#announceWhenKnown();
  }

  #add(entry: PmtStream, number: number, old: ElementaryStream | undefined): void {
    const skip = (label: string) => this.#skipped.push({ number, pid: entry.pid, label });
    if (this.#streams.has(entry.pid)) return void skip(`PID ${entry.pid} is listed twice`);
    if (old !== undefined && old.number === number && sameEntry(old.entry, entry)) {
      this.#streams.set(entry.pid, old);
      return;
    }
    const identity = identifyStream(entry, () => this.#lastTime);
    if (identity.type === "skipped") return void skip(identity.label);
    if (this.#streams.size === maxDemuxerTracks) return void skip(`more than ${maxDemuxerTracks} tracks`);
    this.#streams.set(entry.pid, new ElementaryStream(number, entry, identity.decoder, this, this.#budget));
  }

  packet(packet: TransportPacket): void {
    const stream = this.#streams.get(packet.pid);
    if (stream === undefined) return;
    if (!packet.scrambled) this.packets++;
    stream.packet(packet);
  }

  /** An unknown number of packets was lost. */
  interrupt(): void {
    for (const stream of this.#streams.values()) stream.interrupt();
  }

  /** The stream ends: what is whole comes out. */
  flush(): void {
    for (const stream of this.#streams.values()) stream.flush();
    if (this.#held === null) return;
    this.#skipUnknown();
    this.#announceWhenKnown();
  }

  unwrap(pts: number, dts: number): PesTime {
    const unwrapped = this.#clock.unwrap(dts);
    const time = { pts: unwrapped + distance33(dts, pts), dts: unwrapped };
    // Encoders exist that send DTS above PTS.
    const sane = time.dts > time.pts ? { pts: time.pts, dts: time.pts } : time;
    this.#lastTime = sane;
    return sane;
  }

  unit(
    stream: ElementaryStream,
    payload: readonly Uint8Array[],
    { pts, dts }: PesTime,
    randomAccess: boolean,
    codec: Codec,
  ): void {
    const track = this.#trackOf(stream, codec);
    if (track.codec !== codec) this.#changeCodec(track, codec);
    const event: UnitEvent = { type: "unit", track, payload, pts, dts, randomAccess };
    if (this.#held === null) this.emit(event);
    else this.#hold(this.#held, event);
  }

  #changeCodec(track: DemuxerTrack, codec: Codec): void {
    track.codec = codec;
    if (this.#held === null) this.emit({ type: "codec", track, codec });
    // The track will be announced with this codec: units of the one before do not fit.
    else this.#held = this.#held.filter((event) => event.track !== track);
  }

  #hold(held: UnitEvent[], event: UnitEvent): void {
    held.push(event);
    for (const part of event.payload) this.#heldBytes += part.length;
    this.#heldFrom ??= event.dts;
    const isEnough = held.length >= maxHeldUnits || this.#heldBytes >= maxHeldBytes ||
      Math.abs(event.dts - this.#heldFrom) >= maxHeldTicks;
    if (isEnough) this.#skipUnknown();
    this.#announceWhenKnown();
  }

  #skipUnknown(): void {
    for (const [pid, stream] of this.#streams) {
      if (stream.decoder.codec !== null) continue;
      stream.close();
      this.#streams.delete(pid);
      this.#skipped.push({ number: stream.number, pid, label: "no readable frame came" });
    }
  }

  #announceWhenKnown(): void {
    if (this.#held === null) return;
    const tracks: DemuxerTrack[] = [];
    for (const stream of this.#streams.values()) {
      const { codec } = stream.decoder;
      if (codec === null) return;
      tracks.push(this.#trackOf(stream, codec));
    }
    const skipped = this.#skipped.toSorted((a, b) => a.number - b.number);
    const held = this.#held;
    this.#held = null;
    this.#heldBytes = 0;
    this.#heldFrom = null;
    this.emit({ type: "tracks", tracks, skipped });
    for (const event of held) this.emit(event);
  }

  error(stream: ElementaryStream, text: string): void {
    const name = stream.decoder.codec?.name;
    const label = name === undefined ? `track ${stream.number}` : `track ${stream.number} (${name})`;
    this.emit({ type: "error", text: `${label}: ${text}` });
  }

  #trackOf(stream: ElementaryStream, codec: Codec): DemuxerTrack {
    let track = this.#tracks.get(stream);
    if (track === undefined) {
      track = new DemuxerTrack(stream.number, stream.entry.pid, codec);
      this.#tracks.set(stream, track);
    }
    return track;
  }
}
