/** The answer to an offer of a client that publishes. */
import type { Codec } from "../../../codecs/codec.ts";
import type { ExtensionIds, NegotiatedMedia } from "../contracts.ts";
import { type AgreedSection, type Agreement, agreeOn } from "./agreement.ts";
import type { Description, OfferedFormat, OfferedSection } from "./description.ts";
import { NotAcceptableError } from "./errors.ts";

const supported = {
  video: "AV1, VP9, VP8, H265, H264",
  audio: "Opus, G722, G711, LPCM (16 bits)",
} as const;

/** Encodings that are part of the machinery and no codecs. */
const helpers = /^(?:rtx|red|ulpfec|flexfec(?:-03)?|CN|telephone-event)\//i;

/**
 * At most one video and one audio, each with all codecs that can be received, in the client's order. Throws
 * NotAcceptableError when nothing can be received, or more than that is sent.
 */
export function agreeToPublish(offer: Description): Agreement {
  const sent = offer.sections.filter(sends);
  for (const kind of ["video", "audio"]) {
    const count = sent.filter((section) => section.kind === kind).length;
    if (count > 1) {
      throw new NotAcceptableError(`one ${kind} track can be published, but the offer has ${count}`);
    }
  }
  if (sent.length === 0) throw new NotAcceptableError("the offer sends neither video nor audio");
  const first = offer.sections.find(({ rejected }) => !rejected);
  const sections = offer.sections.map((section): AgreedSection => {
    if (sends(section)) return agreeToReceive(section);
    // Everything else is declined one by one; who offers it goes without.
    const keepsTransport = section === first && (section.kind === "video" || section.kind === "audio");
    return { kind: keepsTransport ? "inactive" : "rejected" };
  });
  return { sections };
}

function sends({ kind, rejected, direction }: OfferedSection): boolean {
  return !rejected && (kind === "video" || kind === "audio") &&
    (direction === "sendonly" || direction === "sendrecv");
}

function agreeToReceive(section: OfferedSection): AgreedSection {
  const kind = section.kind as NegotiatedMedia["kind"];
  const extensions: ExtensionIds = section.extensions;
  const congestion = { transportWide: extensions.transportSequence !== undefined, remb: true };
  const formats = section.formats.flatMap((offered) => {
    const codec = receivable(offered);
    return codec === null ? [] : [agreeOn(offered, codec, offered.fmtp, congestion)];
  });
  if (formats.length === 0) {
    throw new NotAcceptableError(
      `no ${kind} codec in common: the offer has ${offeredNames(section.formats)}; ` +
        `supported are ${supported[kind]}`,
    );
  }
  const media: NegotiatedMedia = {
    mid: section.mid,
    kind,
    codecs: formats.map(({ codec }) => codec),
    extensions,
    rids: extensions.rid === undefined ? [] : section.rids,
    sources: section.sources,
    trackId: null,
  };
  return { kind: "media", direction: "recvonly", media, formats };
}

/** Names for an error's text: whatever a client has written, in few and harmless characters. */
export function offeredNames(formats: readonly OfferedFormat[]): string {
  const names = formats.filter(({ rtpmap }) => !helpers.test(rtpmap))
    .map(({ format, rtpmap, parameters }) => {
      const name = rtpmap.replace(/[^\w./-]/g, "").slice(0, 40) || `payload type ${format.payloadType}`;
      const profile = parameters.get("profile-level-id") ?? parameters.get("profile-id") ??
        parameters.get("profile");
      return profile !== undefined && /^\w{1,8}$/.test(profile) ? `${name} (profile ${profile})` : name;
    });
  const unique = [...new Set(names)];
  return unique.length === 0 ? "none" : unique.slice(0, 16).join(", ");
}

/** Null when packets of this format cannot be received. */
function receivable({ format, parameters }: OfferedFormat): Codec | null {
  const { codec } = format;
  switch (codec.name) {
    case "H264":
      // Interleaved units (mode 2) would have to be put in order first.
      return codec.packetizationMode <= 1 ? codec : null;
    case "H265":
      return (parameters.get("tx-mode") ?? "SRST").toUpperCase() === "SRST" ? codec : null;
    case "Opus":
      return { name: "Opus", channelCount: opusChannels(codec.channelCount, parameters) };
    case "LPCM":
      return codec.bitDepth === 16 ? codec : null;
    case "AV1":
    case "VP8":
    case "VP9":
    case "G711":
    case "G722":
      return codec;
    default:
      return null;
  }
}

/**
 * RFC 7587 §7.1. Browsers say `stereo=1` when they send two channels; FFmpeg, which sends them too, has no parameters at
 * all, and then two channels are the safe choice: every decoder of two channels plays one.
 */
function opusChannels(channelCount: number, parameters: ReadonlyMap<string, string>): number {
  if (channelCount > 2) return channelCount;
  const isStereo = parameters.size === 0 || parameters.get("stereo") === "1" ||
    parameters.get("sprop-stereo") === "1";
  return isStereo ? 2 : 1;
}
