/**
 * The muxer of one stream: units in, playlists and files out. No sockets, no clocks, no timers: whoever waits for
 * something asks again after `version` has changed.
 */
import { UserError } from "../../../base/errors.ts";
import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";
import { type FileObserver, noObserver } from "./file_store.ts";
import { Fmp4Rendition } from "./fmp4_rendition.ts";
import { FollowingTrack } from "./following.ts";
import type { Sample } from "./input/input.ts";
import { type SelectedTrack, selectTracks } from "./input/select.ts";
import { LeadingTrack } from "./leading.ts";
import { MpegtsRendition, type SegmentWriterFactory } from "./mpegts_rendition.ts";
import { mediaPlaylist } from "./playlist/media.ts";
import { multivariantPlaylist } from "./playlist/multivariant.ts";
import type { PlaylistBody } from "./playlist/text.ts";
import { type ReloadRequest, reloadState } from "./reload.ts";
import { listedParts, partTarget, type Rendition } from "./rendition.ts";
import { minSegmentCount, type MuxerSettings, requiredSegments } from "./settings.ts";

/** What a muxer is made of. */
export interface MuxerOptions {
  readonly tracks: readonly Track[];
  readonly settings: MuxerSettings;
  /** For the `mpegts` variant. */
  readonly createWriter: SegmentWriterFactory;
  readonly observer?: FileObserver;
}

/** What there is to say to someone who wants a playlist. */
export type PlaylistAnswer =
  | { readonly kind: "playlist"; readonly body: PlaylistBody }
  /** Not there yet: ask again when `version` has changed. */
  | { readonly kind: "wait" }
  | { readonly kind: "badRequest" }
  | { readonly kind: "notFound" };

/** What there is to say to someone who wants a file. */
export type FileAnswer =
  | { readonly kind: "file"; readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string }
  | { readonly kind: "wait" }
  | { readonly kind: "notFound" };

/** Renditions without media are left out when the leading one is this many segments ahead of what it needs. */
const patience = 2;

/** Where the samples of a track go. */
type SampleTarget = (sample: Sample) => void;

/** The muxer of one stream. */
export class Muxer {
  /** Tracks that HLS, or the variant, cannot carry. */
  readonly skipped: readonly Track[];
  readonly #settings: MuxerSettings;
  readonly #leading: Rendition;
  readonly #others: readonly Rendition[];
  /** The first audio track decides where segments begin. */
  readonly audioOnly: boolean;
  /** By track. */
  readonly #inputs = new Map<Track, { readonly selected: SelectedTrack; readonly push: SampleTarget }>();
  readonly #cache = new Map<string, PlaylistBody>();
  #cacheVersion = -1;
  #version = 0;
  #targetDuration: number;

  /** Throws UserError when no track can be carried or the settings do not allow a playlist. */
  constructor({ tracks, settings, createWriter, observer = noObserver }: MuxerOptions) {
    const min = minSegmentCount(settings.variant);
    if (settings.segmentCount < min) {
      throw new UserError(`hlsSegmentCount is ${settings.segmentCount}, the variant needs at least ${min}`);
    }
    const { selected, skipped } = selectTracks(tracks, settings.variant);
    if (selected.length === 0) {
      throw new UserError(
        settings.variant === "mpegts"
          ? "the stream has no codec that HLS carries in MPEG-TS, which are H264 and MPEG-4 Audio"
          : "the stream has no codec that HLS carries, which are AV1, VP9, H265, H264, Opus, FLAC and MPEG-4 Audio",
      );
    }
    this.skipped = skipped;
    this.#settings = settings;
    this.audioOnly = selected[0].input.kind === "audio";
    this.#targetDuration = Math.max(1, Math.round(settings.segmentDuration / 1000));
    const { leading, others } = settings.variant === "mpegts"
      ? this.#buildMpegts(selected, createWriter, observer)
      : this.#buildFmp4(selected, observer);
    this.#leading = leading;
    this.#others = others;
  }

  #buildMpegts(
    selected: readonly SelectedTrack[],
    createWriter: SegmentWriterFactory,
    observer: FileObserver,
  ) {
    const inputs = selected.map(({ input }) => input);
    const rendition = new MpegtsRendition(inputs, this.#settings, createWriter, observer);
    selected.forEach((one, i) => {
      this.#inputs.set(one.track, { selected: one, push: (sample) => rendition.push(i, sample) });
    });
    return { leading: rendition, others: [] };
  }

  #buildFmp4(selected: readonly SelectedTrack[], observer: FileObserver) {
    const [first, ...rest] = selected.map(({ track, input }) =>
      new Fmp4Rendition(`${input.kind}${track.id + 1}`, input, this.#settings, observer)
    );
    const lead = new LeadingTrack(first.input, this.#settings, first.clock, first.builder, {
      begun(boundary) {
        for (const { clock, follower } of followers) {
          if (clock.started) follower.addBoundary(boundary);
          else follower.start(lead.origin, boundary);
        }
      },
      rebased(offset) {
        for (const { follower } of followers) follower.follow(offset);
      },
      get end() {
        return Math.max(0, ...followers.map(({ follower }) => follower.end));
      },
    });
    const followers = rest.map(({ input, clock, builder }) => ({
      clock,
      follower: new FollowingTrack(input, clock, builder, () => lead.wantDiscontinuity()),
    }));
    selected.forEach((one, i) => {
      const push: SampleTarget = i === 0
        ? (sample) => lead.push(sample)
        : (sample) => followers[i - 1].follower.push(sample);
      this.#inputs.set(one.track, { selected: one, push });
    });
    return { leading: first, others: rest };
  }

  /**
   * Grows when something new can be fetched. Playlists and waiting requests depend on nothing else.
   */
  get version(): number {
    return this.#version;
  }

  /** In stream order. Throws UserError when the muxer cannot go on (a segment outgrew its limit). */
  write(units: readonly Unit[]): void {
    const before = this.#progress;
    for (const unit of units) {
      const target = this.#inputs.get(unit.track);
      if (target === undefined) continue;
      for (const sample of target.selected.input.read(unit)) target.push(sample);
    }
    if (this.#progress !== before) this.#version++;
  }

  /** Changes when a part or segment of any rendition is complete. */
  get #progress(): number {
    let sum = 0;
    for (const { timeline, open } of this.#renditions) {
      sum += timeline.nextMsn * 65_536 + (open?.parts.length ?? 0);
    }
    return sum;
  }

  /** False until the frame has come with which a first segment can begin: a key frame, where there is video. */
  get begun(): boolean {
    return this.#leading.open !== null || this.#leading.timeline.realCount > 0;
  }

  get #renditions(): readonly Rendition[] {
    return [this.#leading, ...this.#others];
  }

  /** Bytes of all files that can be fetched. */
  get size(): number {
    return this.#renditions.reduce((sum, { files }) => sum + files.size, 0);
  }

  /** Of all media playlists. */
  get playlistNames(): readonly string[] {
    return this.#renditions.map(({ playlistName }) => playlistName);
  }

  /** Seconds of the last segment, for the cache of a CDN; null when playlists change with every part. */
  get playlistMaxAge(): number | null {
    if (this.#settings.variant === "lowLatency") return null;
    return Math.floor(this.#leading.timeline.segments.at(-1)?.duration ?? 0);
  }

  #isReady(rendition: Rendition): boolean {
    return rendition.timeline.realCount >= requiredSegments(this.#settings.variant);
  }

  /** Null until there is enough to play. */
  get #playable(): readonly Rendition[] | null {
    const required = requiredSegments(this.#settings.variant);
    const { realCount } = this.#leading.timeline;
    if (realCount < required) return null;
    const ready = this.#others.filter((rendition) => this.#isReady(rendition));
    const complete = ready.length === this.#others.length || realCount >= required + patience;
    return complete ? ready : null;
  }

  /** `index.m3u8` */
  multivariant(): PlaylistAnswer {
    const others = this.#playable;
    if (others === null) return { kind: "wait" };
    const context = {
      version: this.#settings.variant === "mpegts" ? 3 : 10,
      leading: this.#leading,
      others,
      audioOnly: this.audioOnly,
    };
    return { kind: "playlist", body: this.#cached("multivariant", () => multivariantPlaylist(context)) };
  }

  /** `name`: `<id>_stream.m3u8`. */
  media(name: string, request: ReloadRequest): PlaylistAnswer {
    const rendition = this.#renditions.find(({ playlistName }) => playlistName === name);
    if (rendition === undefined) return { kind: "notFound" };
    if (!this.#isReady(rendition)) return { kind: "wait" };
    const lowLatency = this.#settings.variant === "lowLatency";
    if (lowLatency) {
      for (const each of this.#renditions) {
        if (each.target?.isFixed === false) each.target.fix(listedParts(each));
      }
      const state = reloadState(rendition, request);
      if (state !== "ready") return { kind: state };
    }
    const delta = lowLatency && request.delta;
    return {
      kind: "playlist",
      body: this.#cached(`${name} ${delta}`, () => this.#mediaPlaylist(rendition, delta)),
    };
  }

  #mediaPlaylist(rendition: Rendition, delta: boolean): PlaylistBody {
    for (const { timeline } of this.#renditions) {
      for (const { duration } of timeline.segments) {
        this.#targetDuration = Math.max(this.#targetDuration, Math.round(duration));
      }
    }
    return mediaPlaylist(rendition, {
      variant: this.#settings.variant,
      targetDuration: this.#targetDuration,
      longestPartTarget: Math.max(...this.#renditions.map(partTarget)),
      others: this.#renditions.filter((other) => other !== rendition && this.#isReady(other)),
    }, delta);
  }

  #cached(key: string, make: () => PlaylistBody): PlaylistBody {
    if (this.#cacheVersion !== this.#version) {
      this.#cache.clear();
      this.#cacheVersion = this.#version;
    }
    let body = this.#cache.get(key);
    if (body === undefined) this.#cache.set(key, body = make());
    return body;
  }

  /** An init segment, segment or part. The part that a preload hint announces is waited for. */
  file(name: string): FileAnswer {
    for (const rendition of this.#renditions) {
      const bytes = rendition.files.get(name);
      if (bytes !== undefined) return { kind: "file", bytes, contentType: this.#contentType(rendition) };
      if (name === rendition.nextPartName) return { kind: "wait" };
    }
    return { kind: "notFound" };
  }

  #contentType(rendition: Rendition): string {
    if (this.#settings.variant === "mpegts") return "video/mp2t";
    return rendition === this.#leading && !this.audioOnly ? "video/mp4" : "audio/mp4";
  }

  /** Forgets all files, telling the observer. */
  close(): void {
    for (const { files } of this.#renditions) files.clear();
  }
}
