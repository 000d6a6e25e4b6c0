/** Media playlists: RFC 8216 §4.3.3, RFC 8216bis §4.4.3 to §4.4.5. */
import { partTarget, type Rendition, segmentsWithParts } from "../rendition.ts";
import type { Part, Segment } from "../segment.ts";
import type { HlsVariant } from "../settings.ts";
import { type PlaylistBody, PlaylistText } from "./text.ts";

export interface MediaPlaylistContext {
  readonly variant: HlsVariant;
  /** EXT-X-TARGETDURATION, the same in all renditions. */
  readonly targetDuration: number;
  /** The largest of all renditions, in seconds; 0 without parts. */
  readonly longestPartTarget: number;
  readonly others: readonly Rendition[];
}

/** RFC 8216bis §4.4.3.8: at least twice the part target. */
const partHoldBackFactor = 2.5;
/** At least six times the target duration. */
const skipFactor = 6;

/** Delta updates leave out this many of the first segments; 0 when there is nothing to gain (RFC 8216bis §6.2.5.1). */
function skippable(rendition: Rendition, targetDuration: number): number {
  const { segments } = rendition.timeline;
  let fromEnd = (rendition.open?.parts ?? []).reduce((sum, { duration }) => sum + duration, 0);
  for (let i = segments.length - 1; i >= 0; i--) {
    fromEnd += segments[i].duration;
    // Distance of the segment's start: the segment lies in front of the boundary when its end does.
    if (fromEnd - segments[i].duration > skipFactor * targetDuration) return i + 1;
  }
  return 0;
}

function seconds(value: number): string {
  return value.toFixed(5);
}

function writeHead(text: PlaylistText, rendition: Rendition, context: MediaPlaylistContext): void {
  const { variant, targetDuration } = context;
  text.line("#EXTM3U");
  if (variant === "mpegts") text.line("#EXT-X-VERSION:3").line("#EXT-X-ALLOW-CACHE:NO");
  else text.line("#EXT-X-VERSION:10");
  text.line(`#EXT-X-TARGETDURATION:${targetDuration}`);
  if (variant === "lowLatency") {
    const holdBack = seconds(partHoldBackFactor * context.longestPartTarget);
    text.line(
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${holdBack},CAN-SKIP-UNTIL=${
        seconds(skipFactor * targetDuration)
      }`,
    );
    text.line(`#EXT-X-PART-INF:PART-TARGET=${seconds(partTarget(rendition))}`);
  }
  text.line(`#EXT-X-MEDIA-SEQUENCE:${rendition.timeline.firstMsn}`);
  const { discontinuitySequence } = rendition.timeline;
  if (discontinuitySequence > 0) text.line(`#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}`);
}

function writePart(text: PlaylistText, part: Part): void {
  const independent = part.independent ? ",INDEPENDENT=YES" : "";
  text.uri(`#EXT-X-PART:DURATION=${seconds(part.duration)},URI="`, part.name, `"${independent}`);
}

/** Follows the init segment in force. */
class MapWriter {
  #map: string | null = null;

  constructor(private readonly text: PlaylistText) {}

  write(map: string | null): void {
    if (map === null || map === this.#map) return;
    this.#map = map;
    this.text.uri(`#EXT-X-MAP:URI="`, map, `"`);
  }

  /** What skipped segments had is known to the reader. */
  skip(map: string | null): void {
    this.#map = map ?? this.#map;
  }
}

function writeStart(text: PlaylistText, maps: MapWriter, segment: Omit<Segment, "duration" | "name">): void {
  if (segment.discontinuity) text.line("#EXT-X-DISCONTINUITY");
  maps.write(segment.map);
  if (segment.ntp !== null) text.line(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.ntp).toISOString()}`);
  if (segment.gap) text.line("#EXT-X-GAP");
  for (const part of segment.parts) writePart(text, part);
}

function writeSegments(text: PlaylistText, maps: MapWriter, rendition: Rendition, from: number): void {
  const { segments } = rendition.timeline;
  const withParts = new Set(rendition.target === null ? [] : segmentsWithParts(rendition));
  for (const segment of segments.slice(from)) {
    writeStart(text, maps, withParts.has(segment) ? segment : { ...segment, parts: [] });
    text.line(`#EXTINF:${seconds(segment.duration)},`);
    if (segment.gap) text.line(segment.name);
    else text.uri("", segment.name);
  }
}

function writeOpen(text: PlaylistText, maps: MapWriter, rendition: Rendition): void {
  const { open, nextPartName } = rendition;
  if (open !== null && open.parts.length > 0) writeStart(text, maps, { ...open, gap: false, size: 0 });
  if (nextPartName !== null) text.uri(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="`, nextPartName, `"`);
}

/** RFC 8216bis §4.4.5.4: how far the other renditions are. */
function writeReports(text: PlaylistText, others: readonly Rendition[]): void {
  for (const { playlistName, timeline, open } of others) {
    let msn = timeline.nextMsn - 1;
    let part = (timeline.segments.at(-1)?.parts.length ?? 0) - 1;
    if (open !== null && open.parts.length > 0) {
      msn = open.msn;
      part = open.parts.length - 1;
    }
    const last = part >= 0 ? `,LAST-PART=${part}` : "";
    text.uri(`#EXT-X-RENDITION-REPORT:URI="`, playlistName, `",LAST-MSN=${msn}${last}`);
  }
}

/** `delta`: the reader asked for an update with `_HLS_skip`. */
export function mediaPlaylist(
  rendition: Rendition,
  context: MediaPlaylistContext,
  delta: boolean,
): PlaylistBody {
  const text = new PlaylistText();
  writeHead(text, rendition, context);
  const maps = new MapWriter(text);
  const { segments } = rendition.timeline;
  const skipped = delta ? skippable(rendition, context.targetDuration) : 0;
  if (skipped > 0) {
    text.line(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
    for (const { map } of segments.slice(0, skipped)) maps.skip(map);
  } else {
    // In front of gaps, too: players fetch it while they wait.
    maps.write(segments.find(({ map }) => map !== null)?.map ?? rendition.open?.map ?? null);
  }
  writeSegments(text, maps, rendition, skipped);
  if (context.variant === "lowLatency") {
    writeOpen(text, maps, rendition);
    writeReports(text, context.others);
  }
  return text.finish();
}
