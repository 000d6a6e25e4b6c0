/** Which of the client's payload types a stream's codec can be sent as. */
import { ParseError } from "../../../base/errors.ts";
import { parseAv1SequenceHeader } from "../../../codecs/av1/sequence_header.ts";
import type { Av1Codec, Codec, H264Codec, H265Codec, OpusCodec } from "../../../codecs/codec.ts";
import { parseH265Sps } from "../../../codecs/h265/sps.ts";
import { serializeFmtp } from "../../../sdp/format_text.ts";
import type { OfferedFormat } from "./description.ts";
import { h264Profile, h264ProfileOfSps, h264Rank } from "./h264_profile.ts";

/** Null when there is none. */
export function matchFormat(codec: Codec, formats: readonly OfferedFormat[]): OfferedFormat | null {
  const same = formats.filter(({ format }) => format.codec.name === codec.name);
  switch (codec.name) {
    case "H264":
      return matchH264(codec, same);
    case "H265":
      return matchH265(codec, same);
    case "VP9":
      return byNumber(same, "profile-id", codec.profileId ?? 0);
    case "AV1":
      return byNumber(same, "profile", av1Profile(codec));
    case "Opus":
      // One and two channels are one format; above two, the number of channels has to be the same.
      return same.find(({ format }) =>
        format.codec.name === "Opus" &&
        (codec.channelCount <= 2
          ? format.codec.channelCount <= 2
          : format.codec.channelCount === codec.channelCount)
      ) ?? null;
    case "G711":
      return same.find(({ format }) =>
        format.codec.name === "G711" && format.codec.muLaw === codec.muLaw &&
        format.codec.sampleRate === codec.sampleRate && format.codec.channelCount === codec.channelCount
      ) ?? null;
    case "LPCM":
      return same.find(({ format }) =>
        format.codec.name === "LPCM" && format.codec.bitDepth === 16 && codec.bitDepth === 16 &&
        format.codec.sampleRate === codec.sampleRate && format.codec.channelCount === codec.channelCount
      ) ?? null;
    default:
      return same[0] ?? null;
  }
}

/** Without the parameter its default is meant, 0 for both codecs (RFC 9628 §6, AV1 RTP §7.2.3). */
function byNumber(
  formats: readonly OfferedFormat[],
  parameter: string,
  value: number,
): OfferedFormat | null {
  return formats.find(({ parameters }) => Number(parameters.get(parameter) ?? 0) === value) ?? null;
}

function av1Profile(codec: Av1Codec): number {
  if (codec.sequenceHeader === undefined) return codec.profile ?? 0;
  return parsed(() => parseAv1SequenceHeader(codec.sequenceHeader!).profile) ?? codec.profile ?? 0;
}

/**
 * Packets are made in mode 1 (fragmentation units), so the client has to take it. The profile that fits best is chosen
 * (RFC 6184 §8.2.2); when none is said to, any: browsers announce fewer profiles than their decoders take.
 */
function matchH264({ sps }: H264Codec, formats: readonly OfferedFormat[]): OfferedFormat | null {
  const usable = formats.filter(({ parameters }) => parameters.get("packetization-mode") === "1");
  const profile = sps === undefined ? null : h264ProfileOfSps(sps);
  if (profile === null) return usable[0] ?? null;
  const rank = ({ parameters }: OfferedFormat) =>
    Math.min(h264Rank(profile, h264Profile(parameters.get("profile-level-id"))), 100);
  return usable.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}

/**
 * RFC 7798 §7.1: profile, tier and level. The profile has to be the same, since decoders for one do not take another;
 * tier and level only decide between several, as browsers announce less than their decoders take.
 */
function matchH265({ sps }: H265Codec, formats: readonly OfferedFormat[]): OfferedFormat | null {
  const single = formats.filter(({ parameters }) =>
    (parameters.get("tx-mode") ?? "SRST").toUpperCase() === "SRST"
  );
  const stream = sps === undefined ? null : parsed(() => parseH265Sps(sps).profile);
  if (stream === null) return single[0] ?? null;
  const value = ({ parameters }: OfferedFormat, name: string, missing: number) =>
    Number(parameters.get(name) ?? missing);
  const same = single.filter((format) => value(format, "profile-id", 1) === stream.profileIdc);
  return same.find((format) =>
    value(format, "tier-flag", 0) >= Number(stream.highTier) &&
    value(format, "level-id", 93) >= stream.levelIdc
  ) ?? same[0] ?? null;
}

function parsed<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}

/** RFC 7587 §7.1: the client's parameters back, and what is sent. */
export function opusFmtp({ channelCount }: OpusCodec, { fmtp, parameters }: OfferedFormat): string {
  if (channelCount > 2) return fmtp;
  const kept: Record<string, string> = {};
  for (const name of ["minptime", "useinbandfec", "stereo"]) {
    const value = parameters.get(name);
    if (value !== undefined && /^\d{1,5}$/.test(value)) kept[name] = value;
  }
  return serializeFmtp({ ...kept, "sprop-stereo": channelCount === 2 ? 1 : 0 }).replaceAll("; ", ";");
}
