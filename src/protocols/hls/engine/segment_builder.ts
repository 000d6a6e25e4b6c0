/** Samples → parts → segments of one fMP4 rendition. */
import { UserError } from "../../../base/errors.ts";
import {
  type Fmp4Codec,
  type Fmp4Sample,
  serializeInit,
  serializePart,
} from "../../../containers/fmp4/mod.ts";
import type { FileStore } from "./file_store.ts";
import type { Sample, TrackInput } from "./input/input.ts";
import type { FileNames } from "./names.ts";
import type { PartTarget } from "./part_target.ts";
import type { OpenSegment, Part } from "./segment.ts";
import type { MuxerSettings } from "./settings.ts";
import type { Timeline } from "./timeline.ts";

const trackId = 1;
/** Of the moof, trun and other boxes, for the limit on the size of a segment. */
const bytesPerSample = 16;

interface Open {
  readonly msn: number;
  /** Seconds of the muxer's timeline. */
  readonly start: number;
  ntp: number | null;
  readonly discontinuity: boolean;
  map: string | null;
  readonly parts: Part[];
  /** Ticks in `parts`. */
  ticks: number;
  size: number;
}

interface OpenPart {
  readonly baseTime: number;
  readonly independent: boolean;
  readonly samples: Fmp4Sample[];
  ticks: number;
}

export class SegmentBuilder {
  #open: Open | null = null;
  #part: OpenPart | null = null;
  #nextPart = 0;
  #sequence = 0;
  #generation = -1;
  #codec: Fmp4Codec | null = null;
  #map: string | null = null;
  /** Ticks and samples that were written, for the frame rate. */
  #ticks = 0;
  #samples = 0;

  constructor(
    private readonly input: TrackInput,
    private readonly settings: MuxerSettings,
    private readonly names: FileNames,
    private readonly files: FileStore,
    private readonly timeline: Timeline,
    /** Null where there are no parts. */
    private readonly target: PartTarget | null,
  ) {}

  get open(): OpenSegment | null {
    return this.#open;
  }

  /** The codec of the init segment in force. */
  get codec(): Fmp4Codec | null {
    return this.#codec;
  }

  /** The name of the part that is being filled or will be. */
  get nextPartName(): string {
    return this.names.part(this.#nextPart);
  }

  /** Samples per second so far; null before there is enough to tell. */
  get measuredRate(): number | null {
    return this.#samples < 2 ? null : this.#samples * this.input.timescale / this.#ticks;
  }

  /** Seconds since the start of the open segment. */
  elapsed(time: number): number {
    return this.#open === null ? 0 : time - this.#open.start;
  }

  /** `discontinuity`: the new segment follows one, so that it may have other parameters. */
  begin(start: number, discontinuity: boolean): void {
    const { codec } = this.input;
    const mayChange = discontinuity || this.#codec === null;
    if (mayChange && codec !== null && codec !== this.#codec) this.#useCodec(codec);
    this.#open = {
      msn: this.timeline.nextMsn,
      start,
      ntp: null,
      discontinuity,
      map: this.#map,
      parts: [],
      ticks: 0,
      size: 0,
    };
  }

  /** The first parameters may come when a segment is open already, as long as that is empty. */
  useFirstCodec(): void {
    this.#useCodec(this.input.codec!);
    this.#open!.map = this.#map;
  }

  #useCodec(codec: Fmp4Codec): void {
    this.#codec = codec;
    this.#generation++;
    this.#map = this.names.init(this.#generation);
    this.files.add(this.#map, serializeInit([{ id: trackId, timescale: this.input.timescale, codec }]));
  }

  /** `dts` and `duration` in ticks of the output. Throws UserError when the segment gets too large. */
  add(sample: Sample, dts: number, duration: number): void {
    const open = this.#open!;
    open.ntp ??= sample.ntp;
    const seconds = (ticks: number) => ticks / this.input.timescale;
    this.target?.observeSample(seconds(duration));
    const full = this.#part !== null && this.target?.isExceeded(seconds(this.#part.ticks + duration));
    if (full) this.#closePart();
    this.#part ??= { baseTime: dts, independent: sample.randomAccess, samples: [], ticks: 0 };
    const part = this.#part;
    part.samples.push({
      duration,
      compositionOffset: sample.pts - sample.dts,
      sync: sample.randomAccess,
      payload: sample.payload,
    });
    part.ticks += duration;
    open.size += bytesPerSample;
    for (const piece of sample.payload) open.size += piece.length;
    if (open.size > this.settings.segmentMaxSize) {
      throw new UserError(
        `a segment is larger than hlsSegmentMaxSize (${this.settings.segmentMaxSize} bytes)`,
      );
    }
    this.#ticks += duration;
    this.#samples++;
    if (this.target?.isReached(seconds(part.ticks), seconds(duration))) this.#closePart();
  }

  #closePart(): void {
    const part = this.#part;
    if (part === null) return;
    this.#part = null;
    const { baseTime, samples, ticks, independent } = part;
    const name = this.names.part(this.#nextPart++);
    const nalUnits = this.input.nalUnits;
    this.files.addPart(name, serializePart(++this.#sequence, [{ id: trackId, baseTime, nalUnits, samples }]));
    const duration = ticks / this.input.timescale;
    this.#open!.parts.push({ name, duration, independent });
    this.#open!.ticks += ticks;
  }

  /** `end`: seconds; only an empty segment, which becomes a gap, lasts until then. */
  close(end: number): void {
    this.#closePart();
    const open = this.#open!;
    this.#open = null;
    const { msn, ntp, discontinuity, map, parts } = open;
    if (parts.length === 0) return this.timeline.pushGap(Math.max(0, end - open.start), discontinuity);
    const name = this.names.segment(msn);
    const size = this.files.join(name, parts.map((part) => part.name));
    const duration = open.ticks / this.input.timescale;
    this.timeline.push({ msn, name, duration, ntp, discontinuity, gap: false, map, parts, size });
  }
}
