/** One payload format: its rtpmap and fmtp ↔ codec, payload type and clock rate. */
import type { MediaKind } from "../codecs/codec.ts";
import type { RtpFormat } from "../rtp/format.ts";
import { type FormatText, formatText } from "./format_text.ts";
import {
  readAc3,
  readG711,
  readG722,
  readLpcm,
  readMpeg1Audio,
  readMultiopus,
  readOpus,
  writeG711,
  writeLpcm,
  writeOpus,
} from "./formats/audio.ts";
import { readGeneric, readKlv, readLabelled, writeGeneric } from "./formats/generic.ts";
import { readH264, readH265, writeH264, writeH265 } from "./formats/h26x.ts";
import { readLatm, readMpeg4Audio, writeLatm, writeMpeg4Audio } from "./formats/mpeg4_audio.ts";
import type { FormatReader, WrittenFormat } from "./formats/reader.ts";
import {
  readAv1,
  readMjpeg,
  readMpeg1Video,
  readMpeg4Video,
  readVp8,
  readVp9,
  writeAv1,
  writeMpeg4Video,
  writeVp8,
  writeVp9,
} from "./formats/video.ts";

/** By the encoding name of rtpmap, in lower case. */
const byEncoding: ReadonlyMap<string, FormatReader> = new Map<string, FormatReader>([
  ["av1", readAv1],
  ["vp9", readVp9],
  ["vp8", readVp8],
  ["h265", readH265],
  ["hevc", readH265],
  ["h264", readH264],
  ["mp4v-es", readMpeg4Video],
  ["mpv", readMpeg1Video],
  ["jpeg", readMjpeg],
  ["opus", readOpus],
  ["multiopus", readMultiopus],
  ["mpeg4-generic", readMpeg4Audio],
  ["mp4a-latm", readLatm],
  ["mpa", readMpeg1Audio],
  ["ac3", readAc3],
  ["pcmu", readG711(true)],
  ["pcma", readG711(false)],
  ["g722", readG722],
  ["l8", readLpcm(8)],
  ["l16", readLpcm(16)],
  ["l24", readLpcm(24)],
  ["smpte336m", readKlv],
  ["mp2t", readLabelled("MPEG-TS")],
  ["flac", readLabelled("FLAC")],
  ["vorbis", readLabelled("Vorbis")],
  ["speex", readLabelled("Speex")],
  ...["g726", "aal2-g726"].flatMap((name) =>
    ["16", "24", "32", "40"].map((rate): [string, FormatReader] => [`${name}-${rate}`, readLabelled("G726")])
  ),
]);

/** RFC 3551 §6, for formats without rtpmap. */
const byPayloadType: ReadonlyMap<number, FormatReader> = new Map<number, FormatReader>([
  [0, readG711(true)],
  [8, readG711(false)],
  [9, readG722],
  [10, readLpcm(16)],
  [11, readLpcm(16)],
  [14, readMpeg1Audio],
  [26, readMjpeg],
  [32, readMpeg1Video],
  [33, readLabelled("MPEG-TS")],
]);

/** What RFC 3551 writes for them: a static type needs no rtpmap, but players like to see one. */
const staticRtpmaps: ReadonlyMap<number, string> = new Map([[33, "MP2T/90000"]]);

/** Either text may be empty. Whatever is not understood becomes a generic format. */
export function readFormat(kind: MediaKind, payloadType: number, rtpmap: string, fmtp: string): RtpFormat {
  const known = rtpmap === "" ? staticRtpmaps.get(payloadType) ?? "" : rtpmap;
  const format = formatText(kind, payloadType, known, fmtp);
  const reader = format.encoding === ""
    ? byPayloadType.get(payloadType) ?? readerFromParameters(format)
    : byEncoding.get(format.encoding) ?? byPayloadType.get(payloadType);
  return { payloadType, ...(reader?.(format) ?? readGeneric(format)) };
}

/** Without rtpmap, parameters that only one codec has tell which one it is. */
function readerFromParameters({ parameters }: FormatText): FormatReader | undefined {
  if (parameters.has("sprop-vps") || parameters.has("sprop-sps")) return readH265;
  if (parameters.has("sprop-parameter-sets")) return readH264;
  return undefined;
}

/** Empty texts mean that the line is left out. */
export function writeFormat({ codec, clockRate }: RtpFormat): WrittenFormat {
  switch (codec.name) {
    case "H264":
      return writeH264(codec);
    case "H265":
      return writeH265(codec);
    case "AV1":
      return writeAv1(codec);
    case "VP9":
      return writeVp9(codec);
    case "VP8":
      return writeVp8(codec);
    case "MPEG-4 Video":
      return writeMpeg4Video(codec);
    case "MPEG-1/2 Video":
      return { rtpmap: `MPV/${clockRate}`, fmtp: "" };
    case "M-JPEG":
      return { rtpmap: `JPEG/${clockRate}`, fmtp: "" };
    case "Opus":
      return writeOpus(codec);
    case "MPEG-4 Audio":
      return writeMpeg4Audio(codec, clockRate);
    case "MPEG-4 Audio LATM":
      return writeLatm(codec, clockRate);
    case "MPEG-1/2 Audio":
      return { rtpmap: `MPA/${clockRate}`, fmtp: "" };
    case "AC3":
      return { rtpmap: `AC3/${codec.sampleRate}/${codec.channelCount}`, fmtp: "" };
    case "G711":
      return writeG711(codec);
    case "G722":
      return { rtpmap: `G722/${clockRate}`, fmtp: "" };
    case "LPCM":
      return writeLpcm(codec);
    case "KLV":
      return { rtpmap: `SMPTE336M/${clockRate}`, fmtp: "" };
    default:
      return writeGeneric(codec);
  }
}
