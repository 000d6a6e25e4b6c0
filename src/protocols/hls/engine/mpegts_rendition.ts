/** The only rendition of the `mpegts` variant: all tracks in one file. */
import { UserError } from "../../../base/errors.ts";
import { rescale } from "../../../base/time.ts";
import { type Fmp4Codec, isFmp4Video } from "../../../containers/fmp4/mod.ts";
import { type FileObserver, FileStore } from "./file_store.ts";
import type { Sample, TrackInput } from "./input/input.ts";
import { FileNames } from "./names.ts";
import { plausibleFrameRate, type Rendition } from "./rendition.ts";
import type { OpenSegment } from "./segment.ts";
import { maxSampleDuration, type MuxerSettings, startTime } from "./settings.ts";
import { Timeline } from "./timeline.ts";

/** ISO/IEC 13818-1 §2.4.3.7: the clock of PTS and DTS. */
const mpegtsClockRate = 90_000;

/** One frame for MPEG-TS. */
export interface SegmentSample {
  /** 90 kHz, not yet cut to 33 bits. */
  readonly pts: number;
  readonly dts: number;
  readonly randomAccess: boolean;
  /** H.264: NAL units without delimiters and parameter sets; AAC: one access unit without header. */
  readonly payload: readonly Uint8Array[];
}

/** Writes MPEG-TS. Each segment starts with PAT and PMT; parameter sets and ADTS headers come from the codecs. */
export interface SegmentWriter {
  /** `track`: index into the codecs the writer was made for. */
  write(track: number, sample: SegmentSample): void;
  /** Bytes since the last `finish`. */
  readonly size: number;
  /** Ends the segment. */
  finish(): Uint8Array<ArrayBuffer>;
}

/** Called anew when parameters change. Codecs are H264 and MPEG-4 Audio. */
export type SegmentWriterFactory = (codecs: readonly Fmp4Codec[]) => SegmentWriter;

interface Open extends OpenSegment {
  /** 90 kHz. */
  readonly start: number;
}

/** What is further from the leading track, 10 s, belongs to another time. */
const maxApart = 10 * mpegtsClockRate;
/** 90 kHz; a segment that a jump of the clock ends has no other end than this. */
const fallbackFrame = mpegtsClockRate / 30;

export class MpegtsRendition implements Rendition {
  readonly id = "main";
  readonly files: FileStore;
  readonly timeline: Timeline;
  readonly target = null;
  readonly nextPartName = null;
  readonly #names: FileNames;
  #writer: SegmentWriter | null = null;
  #codecs: readonly (Fmp4Codec | null)[] = [];
  #open: Open | null = null;
  #offset = 0;
  #lastDts: number;
  #broken = false;
  /** Of the leading track, in closed segments and in the open one. */
  #frames = 0;
  #seconds = 0;
  #openFrames = 0;

  /** The first input decides where segments begin. */
  constructor(
    private readonly inputs: readonly TrackInput[],
    private readonly settings: MuxerSettings,
    private readonly createWriter: SegmentWriterFactory,
    observer: FileObserver,
  ) {
    this.#names = new FileNames(settings.prefix, this.id, "ts");
    this.files = new FileStore(observer);
    this.timeline = new Timeline(settings, this.files);
    this.#lastDts = 0;
  }

  get playlistName(): string {
    return this.#names.playlist;
  }

  get open(): OpenSegment | null {
    return this.#open;
  }

  get codecStrings(): readonly string[] {
    return this.inputs.map(({ codecString }) => codecString).filter((text) => text !== "");
  }

  get resolution(): { width: number; height: number } | null {
    const codec = this.inputs[0].codec;
    return codec !== null && isFmp4Video(codec) ? { width: codec.width, height: codec.height } : null;
  }

  get frameRate(): number | null {
    if (this.inputs[0].kind !== "video") return null;
    return plausibleFrameRate(
      this.inputs[0].frameRate,
      this.#seconds > 0 ? this.#frames / this.#seconds : null,
    );
  }

  /** Throws UserError when a segment gets too large. */
  push(index: number, sample: Sample): void {
    const { timescale } = this.inputs[index];
    const at = (time: number) => rescale(time, timescale, mpegtsClockRate);
    if (index === 0 && !this.#lead(at(sample.dts), at(sample.pts), sample)) return;
    if (this.#open === null || this.#broken) return;
    const track = this.#codecs.slice(0, index).filter((codec) => codec !== null).length;
    const { randomAccess, payload } = sample;
    const dts = at(sample.dts) + this.#offset;
    if (this.#codecs[index] === null || dts < 0) return;
    // Of a clock that has begun anew for one of them already: they share one in a program.
    if (Math.abs(dts - this.#lastDts) > maxApart) return;
    this.#writer!.write(track, { pts: at(sample.pts) + this.#offset, dts, randomAccess, payload });
    if (this.#writer!.size > this.settings.segmentMaxSize) {
      throw new UserError(
        `a segment is larger than hlsSegmentMaxSize (${this.settings.segmentMaxSize} bytes)`,
      );
    }
  }

  /** Cuts where the leading sample demands it. False: the sample has to be dropped. */
  #lead(time: number, pts: number, sample: Sample): boolean {
    if (this.#open === null) {
      if (!sample.randomAccess) return false;
      this.#offset = startTime * mpegtsClockRate - pts;
      this.#begin(time + this.#offset, sample.ntp, false);
      return true;
    }
    const dts = time + this.#offset;
    const jumped = dts <= this.#lastDts || dts - this.#lastDts > maxSampleDuration * mpegtsClockRate / 1000;
    if (jumped) this.#broken = true;
    if (this.#broken) {
      if (!sample.randomAccess) return false;
      this.#close(this.#lastDts + fallbackFrame);
      if (dts <= this.#lastDts) this.#offset = this.#lastDts + fallbackFrame - time;
      this.#broken = false;
      this.#begin(time + this.#offset, sample.ntp, true);
      return true;
    }
    const changed = this.inputs.some(({ codec }, i) => codec !== null && codec !== this.#codecs[i]);
    const due = (dts - this.#open.start + fallbackFrame / 2) / mpegtsClockRate >=
      this.settings.segmentDuration / 1000;
    if (sample.randomAccess && (due || changed)) {
      this.#close(dts);
      this.#begin(dts, sample.ntp, changed);
    } else {
      this.#openFrames++;
    }
    this.#lastDts = dts;
    return true;
  }

  #begin(start: number, ntp: number, discontinuity: boolean): void {
    this.#lastDts = start;
    this.#openFrames = 1;
    const codecs = this.inputs.map(({ codec }) => codec);
    if (this.#writer === null || codecs.some((codec, i) => codec !== this.#codecs[i])) {
      this.#codecs = codecs;
      this.#writer = this.createWriter(codecs.filter((codec) => codec !== null));
    }
    this.#open = { msn: this.timeline.nextMsn, ntp, discontinuity, map: null, parts: [], start };
  }

  #close(end: number): void {
    const { msn, ntp, discontinuity, start } = this.#open!;
    const name = this.#names.segment(msn);
    const bytes = this.#writer!.finish();
    this.files.add(name, bytes);
    const duration = (end - start) / mpegtsClockRate;
    this.#seconds += duration;
    this.#frames += this.#openFrames;
    const size = bytes.length;
    this.timeline.push({ msn, name, duration, ntp, discontinuity, gap: false, map: null, parts: [], size });
  }
}
