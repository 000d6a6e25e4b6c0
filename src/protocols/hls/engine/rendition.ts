/** One media playlist with its files. */
import type { FileStore } from "./file_store.ts";
import type { OpenSegment } from "./segment.ts";
import { longestOf, type PartTarget } from "./part_target.ts";
import type { Timeline } from "./timeline.ts";

export interface Rendition {
  /** `video1`, `audio2`, …; `main` for MPEG-TS. */
  readonly id: string;
  /** `<id>_stream.m3u8` */
  readonly playlistName: string;
  readonly files: FileStore;
  readonly timeline: Timeline;
  readonly open: OpenSegment | null;
  /** Null where there are no parts. */
  readonly target: PartTarget | null;
  /** What EXT-X-PRELOAD-HINT announces. */
  readonly nextPartName: string | null;
  /** RFC 6381, without duplicates. */
  readonly codecStrings: readonly string[];
  /** Pixels; null without video. */
  readonly resolution: { readonly width: number; readonly height: number } | null;
  /** Frames per second; null without video or when not known. */
  readonly frameRate: number | null;
}

/** Parameters whose frame rate is further off, by this factor, are wrong: encoders write the rate of their clock there. */
const maxRateError = 1.5;

/** Frames per second: as stated, unless what was measured is far from that. A player may refuse a rate it cannot show. */
export function plausibleFrameRate(stated: number | null, measured: number | null): number | null {
  if (stated === null || measured === null) return stated ?? measured;
  const isPlausible = stated <= measured * maxRateError && stated >= measured / maxRateError;
  return isPlausible ? stated : measured;
}

/** Durations of the parts that the playlist lists, in seconds. */
export function listedParts(rendition: Rendition): number[] {
  const parts = segmentsWithParts(rendition).flatMap((segment) => segment.parts);
  return [...parts, ...rendition.open?.parts ?? []].map(({ duration }) => duration);
}

/** Closed segments whose parts are still listed; RFC 8216bis §6.2.2: those within three target durations of the end. */
const segmentsListedWithParts = 2;

export function segmentsWithParts(rendition: Rendition) {
  return rendition.timeline.segments.slice(-segmentsListedWithParts);
}

export function partTarget(rendition: Rendition): number {
  return rendition.target?.value(longestOf(listedParts(rendition))) ?? 0;
}
