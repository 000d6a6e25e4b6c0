import { isFmp4Video } from "../../../containers/fmp4/mod.ts";
import { type FileObserver, FileStore } from "./file_store.ts";
import type { TrackInput } from "./input/input.ts";
import { FileNames } from "./names.ts";
import { PartTarget } from "./part_target.ts";
import { plausibleFrameRate, type Rendition } from "./rendition.ts";
import type { OpenSegment } from "./segment.ts";
import { SegmentBuilder } from "./segment_builder.ts";
import type { MuxerSettings } from "./settings.ts";
import { Timeline } from "./timeline.ts";
import { TrackClock } from "./track_clock.ts";

/** A track in its own playlist. */
export class Fmp4Rendition implements Rendition {
  readonly files: FileStore;
  readonly timeline: Timeline;
  readonly target: PartTarget | null;
  readonly builder: SegmentBuilder;
  readonly clock: TrackClock;
  readonly #names: FileNames;

  constructor(
    readonly id: string,
    readonly input: TrackInput,
    private readonly settings: MuxerSettings,
    observer: FileObserver,
  ) {
    this.#names = new FileNames(settings.prefix, id, "mp4");
    this.files = new FileStore(observer);
    this.timeline = new Timeline(settings, this.files);
    this.target = this.#lowLatency ? new PartTarget(settings.partDuration / 1000) : null;
    this.clock = new TrackClock(input.timescale);
    this.builder = new SegmentBuilder(input, settings, this.#names, this.files, this.timeline, this.target);
  }

  get #lowLatency(): boolean {
    return this.settings.variant === "lowLatency";
  }

  get playlistName(): string {
    return this.#names.playlist;
  }

  get open(): OpenSegment | null {
    return this.builder.open;
  }

  get nextPartName(): string | null {
    return this.#lowLatency ? this.builder.nextPartName : null;
  }

  get codecStrings(): readonly string[] {
    return this.input.codecString === "" ? [] : [this.input.codecString];
  }

  get resolution(): { width: number; height: number } | null {
    const codec = this.input.codec;
    return codec !== null && isFmp4Video(codec) ? { width: codec.width, height: codec.height } : null;
  }

  get frameRate(): number | null {
    if (this.input.kind !== "video") return null;
    return plausibleFrameRate(this.input.frameRate, this.builder.measuredRate);
  }
}
