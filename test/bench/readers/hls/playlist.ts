/** Playlists as a low-latency player reads them (RFC 8216bis). */

export interface Multivariant {
  /** The playlist of the first variant. */
  readonly variant: string;
  /** The playlist of the default audio rendition, empty when sound is in the variant or there is none. */
  readonly audio: string;
}

export interface PartEntry {
  /** Media sequence number of the segment that the part belongs to. */
  readonly segment: number;
  /** The part's place in its segment. */
  readonly index: number;
  readonly uri: string;
  /** Seconds. */
  readonly duration: number;
  readonly isIndependent: boolean;
}

export interface MediaPlaylist {
  readonly mediaSequence: number;
  /** In order; those of complete segments at the beginning may be missing. */
  readonly parts: readonly PartEntry[];
  /** The segment that is not complete yet, and how many of its parts are there: what to wait for next. */
  readonly next: { readonly segment: number; readonly index: number };
  readonly hint: string;
  readonly map: string;
  /** Seconds. */
  readonly partTarget: number;
  readonly partHoldBack: number;
  readonly canBlock: boolean;
  readonly canSkip: boolean;
  readonly isEnded: boolean;
}

const patterns = new Map<string, RegExp>();

function attribute(line: string, name: string): string {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    patterns.set(name, pattern = new RegExp(`[:,]${name}=(?:"([^"]*)"|([^,]*))`));
  }
  const match = line.match(pattern);
  return match?.[1] ?? match?.[2] ?? "";
}

export function parseMultivariant(text: string): Multivariant {
  const lines = playlistLines(text);
  const at = lines.findIndex((line) => line.startsWith("#EXT-X-STREAM-INF:"));
  const variant = lines.slice(at + 1).find((line) => !line.startsWith("#"));
  if (at < 0 || variant === undefined) throw new Error("a multivariant playlist without a variant");
  const group = attribute(lines[at], "AUDIO");
  const audio = lines.filter((line) =>
    line.startsWith("#EXT-X-MEDIA:") && attribute(line, "TYPE") === "AUDIO" && group !== "" &&
    attribute(line, "GROUP-ID") === group && attribute(line, "URI") !== ""
  );
  const chosen = audio.find((line) => attribute(line, "DEFAULT") === "YES") ?? audio[0];
  return { variant, audio: chosen === undefined ? "" : attribute(chosen, "URI") };
}

const tagParser =
  /^#EXT-X-(PART|PRELOAD-HINT|SKIP|MEDIA-SEQUENCE|MAP|PART-INF|SERVER-CONTROL|ENDLIST)(?::|$)/;

export function parseMediaPlaylist(text: string): MediaPlaylist {
  const parts: PartEntry[] = [];
  let mediaSequence = -1;
  let segment = 0;
  let index = 0;
  let hint = "";
  let map = "";
  let partInformation = "";
  let control = "";
  let isEnded = false;
  for (const line of playlistLines(text)) {
    if (!line.startsWith("#")) {
      segment++;
      index = 0;
      continue;
    }
    switch (line.match(tagParser)?.[1]) {
      case "MEDIA-SEQUENCE":
        mediaSequence = segment = Number(line.slice(line.indexOf(":") + 1));
        break;
      case "SKIP":
        segment += Number(attribute(line, "SKIPPED-SEGMENTS"));
        break;
      case "PART":
        parts.push({
          segment,
          index: index++,
          uri: attribute(line, "URI"),
          duration: Number(attribute(line, "DURATION")),
          isIndependent: attribute(line, "INDEPENDENT") === "YES",
        });
        break;
      case "PRELOAD-HINT":
        if (attribute(line, "TYPE") === "PART") hint = attribute(line, "URI");
        break;
      case "MAP":
        map = attribute(line, "URI");
        break;
      case "PART-INF":
        partInformation = line;
        break;
      case "SERVER-CONTROL":
        control = line;
        break;
      case "ENDLIST":
        isEnded = true;
    }
  }
  if (!Number.isSafeInteger(mediaSequence) || mediaSequence < 0) {
    throw new Error("a media playlist without EXT-X-MEDIA-SEQUENCE");
  }
  return {
    mediaSequence,
    parts,
    next: { segment, index },
    hint,
    map,
    partTarget: Number(attribute(partInformation, "PART-TARGET")),
    partHoldBack: Number(attribute(control, "PART-HOLD-BACK")),
    canBlock: attribute(control, "CAN-BLOCK-RELOAD") === "YES",
    canSkip: attribute(control, "CAN-SKIP-UNTIL") !== "",
    isEnded,
  };
}

function playlistLines(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  if (lines[0] !== "#EXTM3U") throw new Error("not a playlist");
  return lines;
}

/** Where a player begins: the last independent part that lies at least the hold-back before the end. */
export function startIndex(playlist: MediaPlaylist): number {
  let fromEnd = 0;
  let earliest = -1;
  for (let i = playlist.parts.length - 1; i >= 0; i--) {
    fromEnd += playlist.parts[i].duration;
    if (!playlist.parts[i].isIndependent) continue;
    if (fromEnd >= playlist.partHoldBack) return i;
    earliest = i;
  }
  return earliest;
}
