/** What is carried without being looked into, and the clock rates of the static payload types (RFC 3551 §6). */
import type { GenericCodec } from "../../codecs/codec.ts";
import type { FormatText } from "../format_text.ts";
import type { FormatReader, ReadFormat, WrittenFormat } from "./reader.ts";

const videoClockRate = 90000;
const audioClockRate = 8000;

const staticClockRates: Readonly<Record<number, number>> = {
  6: 16000,
  10: 44100,
  11: 44100,
  14: 90000,
  16: 11025,
  17: 22050,
  25: 90000,
  26: 90000,
  28: 90000,
  31: 90000,
  32: 90000,
  33: 90000,
  34: 90000,
};
const firstDynamicType = 35;

/** The rate of a static type, else what the rtpmap says, else the usual one: a clock is needed for every track. */
function clockRateOf({ kind, payloadType, clockRate }: FormatText): number {
  const fixed = staticClockRates[payloadType] ??
    (payloadType < firstDynamicType ? audioClockRate : undefined);
  return clockRate ?? fixed ?? (kind === "audio" ? audioClockRate : videoClockRate);
}

/** A generic format under a label of its own. */
export function readLabelled(name: GenericCodec["name"]): FormatReader {
  return (format) => readGeneric(format, name);
}

export function readGeneric(format: FormatText, name: GenericCodec["name"] = "Generic"): ReadFormat {
  const { rtpmap, fmtp } = format;
  return { codec: { name, rtpmap, fmtp }, clockRate: clockRateOf(format) };
}

export function writeGeneric({ rtpmap, fmtp }: GenericCodec): WrittenFormat {
  return { rtpmap, fmtp };
}

/** SMPTE ST 336 (RFC 6597) */
export function readKlv({ clockRate = videoClockRate }: FormatText): ReadFormat {
  return { codec: { name: "KLV" }, clockRate };
}
