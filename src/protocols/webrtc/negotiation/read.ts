/** The answer to an offer of a client that reads. */
import type { Codec } from "../../../codecs/codec.ts";
import type { Track } from "../../../stream/track.ts";
import type { NegotiatedMedia } from "../contracts.ts";
import { sentCodec } from "../media/choose_tracks.ts";
import { type AgreedFormat, type AgreedSection, type Agreement, agreeOn } from "./agreement.ts";
import type { Description, OfferedSection } from "./description.ts";
import { NotAcceptableError } from "./errors.ts";
import { matchFormat, opusFmtp } from "./match.ts";
import { offeredNames } from "./publish.ts";

/** In the order in which a track is taken when there are several. */
const preference = {
  video: ["AV1", "VP9", "VP8", "H265", "H264"],
  audio: ["Opus", "G722", "G711", "LPCM"],
} as const satisfies Record<NegotiatedMedia["kind"], readonly Codec["name"][]>;

/** Tracks of which nothing is sent, with the reason for the log. */
export interface Skipped {
  readonly track: Track;
  readonly reason: string;
}

/** What is read of a stream. */
export interface ReadAgreement extends Agreement {
  readonly tracks: readonly Track[];
  readonly skipped: readonly Skipped[];
}

/** The form of `Track` that matters here. */
type Kind = NegotiatedMedia["kind"];

/**
 * One video and one audio, and data channels when the stream has KLV. Throws NotAcceptableError when the stream has no
 * codec for WebRTC, when the client wants its video and cannot have it, and when nothing at all is left.
 */
export function agreeToRead(offer: Description, tracks: readonly Track[]): ReadAgreement {
  if (!tracks.some(({ codec }) => isReadable(codec))) {
    throw new NotAcceptableError(
      "the stream doesn't contain any supported codec, which are currently " +
        [...preference.video, ...preference.audio, "KLV"].join(", "),
    );
  }
  const agreed = new Map<OfferedSection, AgreedSection>();
  const used: Track[] = [];
  const failures: string[] = [];
  for (const kind of ["video", "audio"] as const) {
    const wanted = offer.sections.filter((section) => receives(section, kind));
    const candidates = preferred(tracks, kind);
    if (wanted.length === 0 || candidates.length === 0) continue;
    const found = firstMatch(wanted, candidates);
    if (found === null) {
      failures.push(
        `${kind}: the stream has ${[...new Set(candidates.map(({ codec }) => codec.name))].join(", ")}, ` +
          `the client takes ${offeredNames(wanted.flatMap(({ formats }) => formats))}`,
      );
      if (kind === "video") break;
      continue;
    }
    agreed.set(found.section, toSection(found.section, kind, found.track, found.format));
    used.push(found.track);
  }
  const data = offer.sections.find(({ sctpPort, rejected }) => sctpPort !== null && !rejected);
  const klv = tracks.find(({ codec }) => codec.name === "KLV");
  if (data !== undefined && klv !== undefined) {
    agreed.set(data, { kind: "data" });
    used.push(klv);
  }
  const videoFailed = failures.some((text) => text.startsWith("video"));
  if (used.length === 0 || videoFailed) {
    throw new NotAcceptableError(
      failures.length > 0
        ? `codecs not supported by client: ${failures.join("; ")}`
        : "the client asks for nothing that the stream has",
    );
  }
  return { sections: complete(offer, agreed), tracks: used, skipped: skipped(tracks, used) };
}

function isReadable(codec: Codec): boolean {
  return codec.name === "KLV" || sentCodec(codec) !== null;
}

function receives({ kind, rejected, direction }: OfferedSection, wanted: Kind): boolean {
  return kind === wanted && !rejected && (direction === "recvonly" || direction === "sendrecv");
}

function preferred(tracks: readonly Track[], kind: Kind): Track[] {
  const names: readonly Codec["name"][] = preference[kind];
  return tracks.filter(({ codec }) => names.includes(codec.name) && sentCodec(codec) !== null)
    .sort((a, b) => names.indexOf(a.codec.name) - names.indexOf(b.codec.name));
}

function firstMatch(sections: readonly OfferedSection[], tracks: readonly Track[]) {
  for (const track of tracks) {
    for (const section of sections) {
      const format = matchFormat(sentCodec(track.codec)!, section.formats);
      if (format !== null) return { track, section, format };
    }
  }
  return null;
}

function toSection(
  section: OfferedSection,
  kind: Kind,
  track: Track,
  offered: OfferedSection["formats"][number],
): AgreedSection {
  const codec = sentCodec(track.codec)!;
  const fmtp = codec.name === "Opus" ? opusFmtp(codec, offered) : offered.fmtp;
  // Every reader gets the same packets: nobody's bandwidth decides on them, so that nobody is asked for it.
  const format: AgreedFormat = agreeOn(offered, codec, fmtp, { transportWide: false, remb: false });
  const media: NegotiatedMedia = {
    mid: section.mid,
    kind,
    codecs: [format.codec],
    extensions: {},
    rids: [],
    sources: [],
    trackId: track.id,
  };
  return { kind: "media", direction: "sendonly", media, formats: [format] };
}

function complete(
  offer: Description,
  agreed: ReadonlyMap<OfferedSection, AgreedSection>,
): AgreedSection[] {
  const first = offer.sections.find(({ rejected }) => !rejected);
  return offer.sections.map((section) => {
    const found = agreed.get(section);
    if (found !== undefined) return found;
    const keepsTransport = section === first && (section.kind === "video" || section.kind === "audio");
    return { kind: keepsTransport ? "inactive" : "rejected" };
  });
}

function skipped(tracks: readonly Track[], used: readonly Track[]): Skipped[] {
  return tracks.filter((track) => !used.includes(track)).map((track) => ({
    track,
    reason: isReadable(track.codec)
      ? "the client does not ask for it, or cannot decode it, or gets another one of its kind"
      : "WebRTC cannot carry it",
  }));
}
