/**
 * Checks every version of a media playlist, and the media it lists, against the rules of RFC 8216bis that players
 * depend on. Knows nothing of the muxer: it works on HTTP answers as well.
 */
import {
  parseInit,
  parseParts,
  type ReadSample,
  type ReadTrack,
} from "../../../../src/containers/fmp4/mod.ts";
import { bytesEqual, concat } from "../../../../src/base/bytes.ts";
import {
  type ListedPart,
  type ListedSegment,
  type MediaPlaylist,
  parseMediaPlaylist,
} from "./media_playlist.ts";

/** Resolves to null when the file cannot be fetched. */
export type FetchFile = (uri: string) => Promise<Uint8Array | null> | Uint8Array | null;

export interface ValidatorOptions {
  readonly fetchFile: FetchFile;
  /** Ask for every listed file each time, not only for new ones. */
  readonly refetch?: boolean;
  /** Video: every segment has to start with a key frame. */
  readonly video: boolean;
  /** §4.4.4.9: parts reach 85 % of the target; irregular streams cannot promise that. */
  readonly regular: boolean;
}

interface Media {
  readonly start: number;
  readonly end: number;
  readonly timescale: number;
  readonly firstSync: boolean;
  readonly samples: number;
}

const rounding = 1e-5;

export class PlaylistValidator {
  /** One sentence each; empty when all is well. */
  readonly problems: string[] = [];
  #previous: MediaPlaylist | null = null;
  readonly #inits = new Map<string, ReadTrack>();
  readonly #parts = new Map<string, Media>();
  /** End of what was listed last, in ticks, and whether the next part has to start there. */
  #end: number | null = null;
  readonly #checkedSegments = new Set<number>();
  playlists = 0;
  samples = 0;
  discontinuities = 0;
  gaps = 0;

  constructor(private readonly options: ValidatorOptions) {}

  check(text: string): Promise<MediaPlaylist> {
    return this.checkPlaylist(parseMediaPlaylist(text));
  }

  /** As a reader knows it, perhaps after delta updates. */
  async checkPlaylist(playlist: MediaPlaylist): Promise<MediaPlaylist> {
    this.playlists++;
    this.#checkHead(playlist);
    if (this.#previous !== null) this.#checkUpdate(this.#previous, playlist);
    for (const segment of playlist.segments) await this.#checkSegment(segment, playlist);
    const { parts, map, discontinuity } = playlist.open;
    if (parts.length > 0) await this.#checkParts(parts, map, discontinuity, playlist, false);
    this.#previous = playlist;
    return playlist;
  }

  #problem(text: string): void {
    if (this.problems.length < 50) this.problems.push(text);
  }

  #checkHead(playlist: MediaPlaylist): void {
    const { targetDuration, partTarget, partHoldBack, canSkipUntil, segments } = playlist;
    if (!(targetDuration >= 1)) this.#problem(`target duration is ${targetDuration}`);
    for (const { msn, duration } of segments) {
      if (Math.round(duration) > targetDuration) {
        this.#problem(`segment ${msn} lasts ${duration} s, the target is ${targetDuration} s`);
      }
    }
    if (partTarget === null) return;
    if (partHoldBack === null || partHoldBack < 2 * partTarget) {
      this.#problem(`PART-HOLD-BACK ${partHoldBack} is below twice the part target ${partTarget}`);
    }
    if (canSkipUntil !== null && canSkipUntil < 6 * targetDuration) {
      this.#problem(`CAN-SKIP-UNTIL is ${canSkipUntil} with a target duration of ${targetDuration}`);
    }
    if (!playlist.canBlockReload) this.#problem("CAN-BLOCK-RELOAD is missing");
    if (playlist.preloadHint === null) this.#problem("EXT-X-PRELOAD-HINT is missing");
  }

  /** §6.2.1: what was said stays said. */
  #checkUpdate(before: MediaPlaylist, after: MediaPlaylist): void {
    if (after.mediaSequence < before.mediaSequence) {
      this.#problem(`media sequence went from ${before.mediaSequence} to ${after.mediaSequence}`);
    }
    if (after.targetDuration < before.targetDuration) this.#problem("the target duration went down");
    const left = before.segments.filter(({ msn }) => msn < after.mediaSequence);
    const discontinuities = left.filter(({ discontinuity }) => discontinuity).length;
    if (after.discontinuitySequence !== before.discontinuitySequence + discontinuities) {
      this.#problem(`discontinuity sequence is ${after.discontinuitySequence} at ${after.mediaSequence}`);
    }
    const said = (segment: ListedSegment) => JSON.stringify({ ...segment, parts: [] });
    for (const old of before.segments) {
      const now = after.segments[old.msn - after.mediaSequence];
      if (now !== undefined && said(now) !== said(old)) {
        this.#problem(`segment ${old.msn} changed from ${said(old)} to ${said(now)}`);
      }
    }
    const opened = before.mediaSequence + before.segments.length;
    const grown = after.segments[opened - after.mediaSequence]?.parts ?? after.open.parts;
    if (opened >= after.mediaSequence) this.#checkGrowth(before, grown, after);
  }

  #checkGrowth(before: MediaPlaylist, grown: readonly ListedPart[], after: MediaPlaylist): void {
    const listed = after.segments.length + after.mediaSequence - before.segments.length -
      before.mediaSequence;
    // Parts of segments further back are no longer listed.
    if (listed > 2 || before.partTarget === null) return;
    before.open.parts.forEach((part, i) => {
      if (JSON.stringify(grown[i]) !== JSON.stringify(part)) this.#problem(`part ${part.uri} changed`);
    });
    const next = [...grown, ...after.segments.slice(-2).flatMap(({ parts }) => parts), ...after.open.parts];
    const isNew = grown.length > before.open.parts.length || listed > 0;
    if (
      isNew && !next.some(({ uri }) => uri === before.preloadHint) && after.preloadHint !== before.preloadHint
    ) {
      this.#problem(`the hinted part ${before.preloadHint} never came`);
    }
  }

  async #fetch(uri: string): Promise<Uint8Array> {
    const bytes = await this.options.fetchFile(uri);
    if (bytes !== null) return bytes;
    this.#problem(`${uri} is listed and cannot be fetched`);
    return new Uint8Array(0);
  }

  async #init(uri: string): Promise<ReadTrack | null> {
    let track = this.#inits.get(uri);
    if (track === undefined || this.options.refetch) {
      const bytes = await this.#fetch(uri);
      if (bytes.length === 0) return null;
      [track] = parseInit(bytes);
      this.#inits.set(uri, track);
    }
    return track;
  }

  async #checkSegment(segment: ListedSegment, playlist: MediaPlaylist): Promise<void> {
    const { msn, map, gap, parts, uri } = segment;
    const isNew = !this.#checkedSegments.has(msn);
    if (isNew) {
      this.#checkedSegments.add(msn);
      if (segment.discontinuity) this.discontinuities++;
      if (gap) this.gaps++;
    }
    if (gap) {
      if (isNew) this.#end = null;
      return;
    }
    if (parts.length > 0) await this.#checkParts(parts, map, segment.discontinuity, playlist, true);
    if (!isNew && !this.options.refetch) return;
    const bytes = await this.#fetch(uri);
    if (!isNew || map === null || bytes.length === 0) return;
    if (segment.dateTime === null || Number.isNaN(Date.parse(segment.dateTime))) {
      this.#problem(`segment ${msn} has the date ${segment.dateTime}`);
    }
    const media = await this.#media(bytes, map, uri);
    if (media === null) return;
    const duration = (media.end - media.start) / media.timescale;
    if (Math.abs(duration - segment.duration) > rounding) {
      this.#problem(`segment ${msn} lasts ${duration} s, listed with ${segment.duration} s`);
    }
    if (this.options.video && !media.firstSync) {
      this.#problem(`segment ${msn} does not start with a key frame`);
    }
    if (parts.length === 0) {
      this.#continuous(media, segment.discontinuity, uri);
      this.samples += media.samples;
      return;
    }
    const sum = parts.reduce((total, part) => total + part.duration, 0);
    if (Math.abs(sum - segment.duration) > rounding * (parts.length + 1)) {
      this.#problem(`parts of segment ${msn} last ${sum} s, the segment ${segment.duration} s`);
    }
    const pieces: Uint8Array[] = [];
    for (const part of parts) pieces.push(await this.#fetch(part.uri));
    if (!bytesEqual(concat(pieces), bytes)) this.#problem(`segment ${msn} is not the sum of its parts`);
  }

  async #checkParts(
    parts: readonly ListedPart[],
    map: string | null,
    discontinuity: boolean,
    playlist: MediaPlaylist,
    closed: boolean,
  ): Promise<void> {
    for (const [i, part] of parts.entries()) {
      if (playlist.partTarget !== null && part.duration > playlist.partTarget + rounding) {
        this.#problem(`part ${part.uri} lasts ${part.duration} s, the target is ${playlist.partTarget} s`);
      }
      const last = closed && i === parts.length - 1;
      if (this.options.regular && !last && part.duration < 0.85 * (playlist.partTarget ?? 0)) {
        this.#problem(`part ${part.uri} lasts ${part.duration} s of ${playlist.partTarget} s`);
      }
      const known = this.#parts.get(part.uri);
      if (known !== undefined) {
        if (this.options.refetch) await this.#fetch(part.uri);
        this.#checkPart(part, known);
        continue;
      }
      const bytes = await this.#fetch(part.uri);
      if (map === null || bytes.length === 0) {
        this.#problem(`part ${part.uri} has no init segment or no bytes`);
        continue;
      }
      const media = await this.#media(bytes, map, part.uri);
      if (media === null) continue;
      this.#parts.set(part.uri, media);
      this.samples += media.samples;
      this.#checkPart(part, media);
      this.#continuous(media, i === 0 && discontinuity, part.uri);
    }
  }

  #checkPart(part: ListedPart, media: Media): void {
    const duration = (media.end - media.start) / media.timescale;
    if (Math.abs(duration - part.duration) > rounding) {
      this.#problem(`part ${part.uri} lasts ${duration} s, listed with ${part.duration} s`);
    }
    if (part.independent !== media.firstSync) this.#problem(`part ${part.uri}: INDEPENDENT is wrong`);
  }

  #continuous(media: Media, discontinuity: boolean, uri: string): void {
    if (this.#end !== null && !discontinuity && media.start !== this.#end) {
      this.#problem(`${uri} starts at ${media.start}, the media before it end at ${this.#end}`);
    }
    this.#end = media.end;
  }

  async #media(bytes: Uint8Array, map: string, uri: string): Promise<Media | null> {
    const track = await this.#init(map);
    if (track === null) return null;
    const samples: ReadSample[] = [];
    let start: number | null = null;
    let end = 0;
    for (const { tracks } of parseParts(bytes, [track])) {
      for (const part of tracks) {
        start ??= part.baseTime;
        if (samples.length > 0 && part.baseTime !== end) this.#problem(`${uri} has a hole at ${end}`);
        end = part.baseTime;
        for (const sample of part.samples) {
          if (sample.compositionOffset < 0) this.#problem(`${uri} presents a sample before it is decoded`);
          end += sample.duration;
          samples.push(sample);
        }
      }
    }
    if (start === null || samples.length === 0) {
      this.#problem(`${uri} has no samples`);
      return null;
    }
    return { start, end, timescale: track.timescale, firstSync: samples[0].sync, samples: samples.length };
  }
}
