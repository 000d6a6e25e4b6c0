/** A reader of media playlists for tests: as strict as a player should be. */

export interface ListedPart {
  readonly uri: string;
  readonly duration: number;
  readonly independent: boolean;
}

export interface ListedSegment {
  readonly msn: number;
  readonly uri: string;
  readonly duration: number;
  readonly gap: boolean;
  readonly discontinuity: boolean;
  readonly map: string | null;
  readonly dateTime: string | null;
  readonly parts: readonly ListedPart[];
}

export interface MediaPlaylist {
  readonly version: number;
  readonly targetDuration: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly partTarget: number | null;
  readonly partHoldBack: number | null;
  readonly canSkipUntil: number | null;
  readonly canBlockReload: boolean;
  readonly skipped: number;
  readonly segments: readonly ListedSegment[];
  /** Parts of the segment that is not complete, and whether that follows a discontinuity. */
  readonly open: {
    readonly parts: readonly ListedPart[];
    readonly discontinuity: boolean;
    readonly map: string | null;
  };
  readonly preloadHint: string | null;
  readonly reports: readonly { readonly uri: string; readonly msn: number; readonly part: number | null }[];
}

export function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  const pattern = /([A-Z0-9-]+)=("[^"]*"|[^",]+)(?:,|$)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) throw new Error(`attribute list: ${text}`);
    if (attributes.has(match[1])) throw new Error(`attribute ${match[1]} twice: ${text}`);
    attributes.set(match[1], match[2].replace(/^"|"$/g, ""));
  }
  return attributes;
}

const once =
  /^#EXT-X-(VERSION|TARGETDURATION|MEDIA-SEQUENCE|DISCONTINUITY-SEQUENCE|SERVER-CONTROL|PART-INF|SKIP)/;

/** Throws Error with the line that is wrong. */
export function parseMediaPlaylist(text: string): MediaPlaylist {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("the last line is not ended");
  if (lines.shift() !== "#EXTM3U") throw new Error("does not start with #EXTM3U");
  const tags = new Map<string, string>();
  const segments: ListedSegment[] = [];
  const reports: { uri: string; msn: number; part: number | null }[] = [];
  let preloadHint: string | null = null;
  let map: string | null = null;
  let next = { parts: [] as ListedPart[], discontinuity: false, gap: false, dateTime: null as string | null };
  let duration: number | null = null;
  let msn = 0;
  for (const line of lines) {
    const [, tag, value] = line.match(/^#([A-Z0-9-]+):?(.*)$/) ?? [];
    if (tag === undefined) {
      if (line === "" || line.startsWith("#") || duration === null) throw new Error(`line: ${line}`);
      if (segments.length === 0) {
        msn = Number(tags.get("EXT-X-MEDIA-SEQUENCE") ?? 0);
        msn += Number(parseAttributes(tags.get("EXT-X-SKIP") ?? "").get("SKIPPED-SEGMENTS") ?? 0);
      }
      segments.push({ ...next, msn: msn++, uri: line, duration, map });
      next = { parts: [], discontinuity: false, gap: false, dateTime: null };
      duration = null;
      continue;
    }
    if (once.test(line) && tags.has(tag)) throw new Error(`twice: ${line}`);
    tags.set(tag, value);
    const attributes = () => parseAttributes(value);
    if (tag === "EXTINF") {
      if (!/^\d+(\.\d+)?,/.test(value)) throw new Error(`line: ${line}`);
      duration = parseFloat(value);
    } else if (tag === "EXT-X-GAP") next.gap = true;
    else if (tag === "EXT-X-DISCONTINUITY") next.discontinuity = true;
    else if (tag === "EXT-X-PROGRAM-DATE-TIME") next.dateTime = value;
    else if (tag === "EXT-X-MAP") map = attributes().get("URI")!;
    else if (tag === "EXT-X-PRELOAD-HINT") preloadHint = attributes().get("URI")!;
    else if (tag === "EXT-X-PART") {
      const of = attributes();
      const independent = of.get("INDEPENDENT") === "YES";
      next.parts.push({ uri: of.get("URI")!, duration: Number(of.get("DURATION")), independent });
    } else if (tag === "EXT-X-RENDITION-REPORT") {
      const of = attributes();
      const part = of.get("LAST-PART");
      reports.push({
        uri: of.get("URI")!,
        msn: Number(of.get("LAST-MSN")),
        part: part === undefined ? null : Number(part),
      });
    }
  }
  const control = parseAttributes(tags.get("EXT-X-SERVER-CONTROL") ?? "");
  const partInf = parseAttributes(tags.get("EXT-X-PART-INF") ?? "");
  const orNull = (value: string | undefined) => value === undefined ? null : Number(value);
  return {
    version: Number(tags.get("EXT-X-VERSION")),
    targetDuration: Number(tags.get("EXT-X-TARGETDURATION")),
    mediaSequence: Number(tags.get("EXT-X-MEDIA-SEQUENCE") ?? 0),
    discontinuitySequence: Number(tags.get("EXT-X-DISCONTINUITY-SEQUENCE") ?? 0),
    partTarget: orNull(partInf.get("PART-TARGET")),
    partHoldBack: orNull(control.get("PART-HOLD-BACK")),
    canSkipUntil: orNull(control.get("CAN-SKIP-UNTIL")),
    canBlockReload: control.get("CAN-BLOCK-RELOAD") === "YES",
    skipped: Number(parseAttributes(tags.get("EXT-X-SKIP") ?? "").get("SKIPPED-SEGMENTS") ?? 0),
    segments,
    open: { parts: next.parts, discontinuity: next.discontinuity, map },
    preloadHint,
    reports,
  };
}

/** What a player knows after a delta update (RFC 8216bis §6.2.5.1). */
export function applyDelta(before: MediaPlaylist, delta: MediaPlaylist): MediaPlaylist {
  const from = delta.mediaSequence;
  const kept = before.segments.filter(({ msn }) => msn >= from && msn < from + delta.skipped);
  if (kept.length !== delta.skipped) throw new Error(`the update skips segments that were never listed`);
  let map = kept.at(-1)?.map ?? null;
  const segments = delta.segments.map((segment) => {
    map = segment.map ?? map;
    return { ...segment, map };
  });
  // Parts of older segments are gone from the playlist by now.
  const old = kept.map((segment) => ({ ...segment, parts: [] }));
  return {
    ...delta,
    skipped: 0,
    segments: [...old, ...segments],
    open: { ...delta.open, map: delta.open.map ?? map },
  };
}
