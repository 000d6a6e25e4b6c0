/** The closed segments of a rendition: numbering, the window of the playlist, bit rates. */
import type { FileStore } from "./file_store.ts";
import { gapName } from "./names.ts";
import type { Segment } from "./segment.ts";
import type { MuxerSettings } from "./settings.ts";

/** Segments that left the playlist but can still be fetched: their readers have been told of them (RFC 8216bis §6.2.2). */
const lingeringSegments = 2;

/** Low-latency playlists have a history from the start: players derive their distance to the live edge from it. */
const initialGaps = 7;

export class Timeline {
  #segments: Segment[] = [];
  #lingering: Segment[] = [];
  #nextMsn = 0;
  #real = 0;
  #discontinuities = 0;
  #newestMap: string | null = null;
  /** Bits per second. */
  #peak = 0;

  constructor(private readonly settings: MuxerSettings, private readonly files: FileStore) {
    if (settings.variant !== "lowLatency") return;
    for (let i = 0; i < initialGaps; i++) this.pushGap(settings.segmentDuration / 1000);
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get firstMsn(): number {
    return this.#segments[0]?.msn ?? this.#nextMsn;
  }

  get nextMsn(): number {
    return this.#nextMsn;
  }

  /** Segments with media, ever. */
  get realCount(): number {
    return this.#real;
  }

  /** Discontinuities that have left the window (EXT-X-DISCONTINUITY-SEQUENCE). */
  get discontinuitySequence(): number {
    return this.#discontinuities;
  }

  pushGap(duration: number, discontinuity = false): void {
    this.#push({
      msn: this.#nextMsn,
      name: gapName,
      duration,
      ntp: null,
      discontinuity,
      gap: true,
      map: null,
      parts: [],
      size: 0,
    });
  }

  push(segment: Segment): void {
    this.#real++;
    this.#newestMap = segment.map;
    // RFC 8216bis §4.4.6.2: what was cut short at a discontinuity is little more than a key frame.
    if (segment.duration > 0 && segment.duration * 1000 >= this.settings.segmentDuration / 2) {
      this.#peak = Math.max(this.#peak, segment.size * 8 / segment.duration);
    }
    this.#push(segment);
  }

  #push(segment: Segment): void {
    this.#nextMsn++;
    this.#segments.push(segment);
    if (this.#segments.length <= this.settings.segmentCount) return;
    const left = this.#segments.shift()!;
    if (left.discontinuity) this.#discontinuities++;
    if (!left.gap) this.#lingering.push(left);
    while (this.#lingering.length > lingeringSegments) {
      const gone = this.#lingering.shift()!;
      this.files.remove(gone.name, gone.parts.map(({ name }) => name));
      if (gone.map !== null && !this.#usesMap(gone.map)) this.files.remove(gone.map);
    }
  }

  #usesMap(map: string): boolean {
    // The newest media's map may be that of the open segment, too.
    return map === this.#newestMap ||
      [...this.#lingering, ...this.#segments].some((segment) => segment.map === map);
  }

  /** Bits per second: the largest of any segment so far (RFC 8216bis §4.4.6.2), and the mean of those listed. */
  get bitRates(): { readonly peak: number; readonly average: number } {
    let bits = 0;
    let seconds = 0;
    for (const { size, duration, gap } of this.#segments) {
      if (gap) continue;
      bits += size * 8;
      seconds += duration;
    }
    const average = seconds > 0 ? Math.ceil(bits / seconds) : 0;
    return { peak: Math.max(Math.ceil(this.#peak), average), average };
  }
}
