/** The other video codecs: AV1, VP8 (RFC 7741), VP9 (RFC 9628), MPEG-4 (RFC 6416), MPEG-1/2 and M-JPEG (RFC 3551). */
import type { Av1Codec, Mpeg4VideoCodec, Vp8Codec, Vp9Codec } from "../../codecs/codec.ts";
import { encodeHex, type FormatText, hexParameter, numberParameter, serializeFmtp } from "../format_text.ts";
import type { ReadFormat, WrittenFormat } from "./reader.ts";

const clockRate = 90000;

/** Keeps the entries that are there. */
function defined<T extends Record<string, number | Uint8Array | undefined>>(values: T): Partial<
  { [K in keyof T]: NonNullable<T[K]> }
> {
  const out: Partial<{ [K in keyof T]: NonNullable<T[K]> }> = {};
  for (const key in values) {
    const value = values[key];
    if (value !== undefined && value !== null) out[key] = value;
  }
  return out;
}

export function readAv1(format: FormatText): ReadFormat {
  const codec: Av1Codec = {
    name: "AV1",
    ...defined({
      profile: numberParameter(format, "profile"),
      levelIdx: numberParameter(format, "level-idx"),
      tier: numberParameter(format, "tier"),
    }),
  };
  return { codec, clockRate };
}

export function writeAv1({ profile, levelIdx, tier }: Av1Codec): WrittenFormat {
  return { rtpmap: `AV1/${clockRate}`, fmtp: serializeFmtp({ profile, "level-idx": levelIdx, tier }) };
}

export function readVp9(format: FormatText): ReadFormat {
  const codec: Vp9Codec = {
    name: "VP9",
    ...defined({
      maxFrameRate: numberParameter(format, "max-fr"),
      maxFrameSize: numberParameter(format, "max-fs"),
      profileId: numberParameter(format, "profile-id"),
    }),
  };
  return { codec, clockRate };
}

export function writeVp9({ maxFrameRate, maxFrameSize, profileId }: Vp9Codec): WrittenFormat {
  return {
    rtpmap: `VP9/${clockRate}`,
    fmtp: serializeFmtp({ "max-fr": maxFrameRate, "max-fs": maxFrameSize, "profile-id": profileId }),
  };
}

export function readVp8(format: FormatText): ReadFormat {
  const codec: Vp8Codec = {
    name: "VP8",
    ...defined({
      maxFrameRate: numberParameter(format, "max-fr"),
      maxFrameSize: numberParameter(format, "max-fs"),
    }),
  };
  return { codec, clockRate };
}

export function writeVp8({ maxFrameRate, maxFrameSize }: Vp8Codec): WrittenFormat {
  return {
    rtpmap: `VP8/${clockRate}`,
    fmtp: serializeFmtp({ "max-fr": maxFrameRate, "max-fs": maxFrameSize }),
  };
}

export function readMpeg4Video(format: FormatText): ReadFormat {
  const codec: Mpeg4VideoCodec = {
    name: "MPEG-4 Video",
    // RFC 6416 §7.1: 1 when it is missing.
    profileLevelId: numberParameter(format, "profile-level-id") ?? 1,
    ...defined({ config: hexParameter(format, "config") }),
  };
  return { codec, clockRate };
}

export function writeMpeg4Video({ profileLevelId, config }: Mpeg4VideoCodec): WrittenFormat {
  return {
    rtpmap: `MP4V-ES/${clockRate}`,
    fmtp: serializeFmtp({
      "profile-level-id": profileLevelId ?? 1,
      config: config === undefined ? undefined : encodeHex(config).toUpperCase(),
    }),
  };
}

export function readMpeg1Video(): ReadFormat {
  return { codec: { name: "MPEG-1/2 Video" }, clockRate };
}

export function readMjpeg(): ReadFormat {
  return { codec: { name: "M-JPEG" }, clockRate };
}
