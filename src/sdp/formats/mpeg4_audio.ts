/** MPEG-4 audio: RFC 3640 (mpeg4-generic) and RFC 6416 (MP4A-LATM). */
import { ParseError } from "../../base/errors.ts";
import type { AudioSpecificConfig, LatmCodec, Mpeg4AudioCodec } from "../../codecs/codec.ts";
import { BitReader } from "../../base/bits.ts";
import {
  parseStreamMuxConfig,
  serializeStreamMuxConfig,
  streamMuxConfigFromAac,
} from "../../codecs/latm/stream_mux_config.ts";
import {
  objectTypeAacLc,
  objectTypePs,
  parseAudioSpecificConfig,
  readAudioSpecificConfig,
  serializeAudioSpecificConfig,
} from "../../codecs/mpeg4audio/audio_specific_config.ts";
import { encodeHex, type FormatText, hexParameter, numberParameter, serializeFmtp } from "../format_text.ts";
import type { ReadFormat, WrittenFormat } from "./reader.ts";

/** RFC 3640 §3.3.5 and §3.3.6 */
const highBitRate = { mode: "AAC-hbr", sizeLength: 13, indexLength: 3, indexDeltaLength: 3 };
const lowBitRate = { mode: "AAC-lbr", sizeLength: 6, indexLength: 2, indexDeltaLength: 2 };
/** The lengths are numbers of bits that are read at once. */
const maxFieldLength = 32;
const audioStream = 5;
/** RFC 6416 §7.3: the defaults of a missing profile-level-id and clock rate. */
const latmProfileLevelId = 30;
const latmClockRate = 90000;

/**
 * A missing or broken config is made up from the rtpmap, as AAC-LC; missing lengths are those of the mode. The clock
 * is what the rtpmap says, even where the config says something else, since timestamps follow it.
 */
export function readMpeg4Audio(format: FormatText): ReadFormat | null {
  if ((numberParameter(format, "streamtype") ?? audioStream) !== audioStream) return null;
  const mode = format.parameters.get("mode")?.toLowerCase().replace("_", "-") ??
    highBitRate.mode.toLowerCase();
  const defaults = [highBitRate, lowBitRate].find((known) => known.mode.toLowerCase() === mode);
  if (defaults === undefined) return null;
  const config = parsedConfig(format) ?? guessedConfig(format);
  if (config === null) return null;
  const length = (name: string) => {
    const value = numberParameter(format, name);
    return value === undefined || value > maxFieldLength ? undefined : value;
  };
  // Zero index lengths are meant when only they are missing (RFC 3640 §4.1).
  const sizeLength = length("sizelength") || undefined;
  const fallback = sizeLength === undefined ? defaults : { indexLength: 0, indexDeltaLength: 0 };
  const codec: Mpeg4AudioCodec = {
    name: "MPEG-4 Audio",
    config,
    sizeLength: sizeLength ?? defaults.sizeLength,
    indexLength: length("indexlength") ?? fallback.indexLength,
    indexDeltaLength: length("indexdeltalength") ?? fallback.indexDeltaLength,
    profileLevelId: numberParameter(format, "profile-level-id") || 1,
  };
  return { codec, clockRate: format.clockRate ?? config.sampleRate };
}

function parsedConfig(format: FormatText): AudioSpecificConfig | null {
  const bytes = hexParameter(format, "config");
  return bytes === undefined ? null : orNull(() => parseAudioSpecificConfig(bytes));
}

function guessedConfig({ clockRate, channelCount = 1 }: FormatText): AudioSpecificConfig | null {
  if (clockRate === undefined) return null;
  const config: AudioSpecificConfig = {
    objectType: objectTypeAacLc,
    sampleRate: clockRate,
    channelCount,
    frameLengthFlag: false,
    dependsOnCoreCoder: false,
    coreCoderDelay: 0,
  };
  // A rate or a number of channels that cannot be written cannot be AAC either.
  return orNull(() => parseAudioSpecificConfig(serializeAudioSpecificConfig(config)));
}

function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}

function channelsOf(config: AudioSpecificConfig): number {
  if (config.extensionType === objectTypePs) return 2;
  return config.channelCount > 0 ? config.channelCount : 1;
}

export function writeMpeg4Audio(codec: Mpeg4AudioCodec, clockRate: number): WrittenFormat {
  const { config, sizeLength, indexLength, indexDeltaLength, profileLevelId } = codec;
  return {
    rtpmap: `mpeg4-generic/${clockRate}/${channelsOf(config)}`,
    fmtp: serializeFmtp({
      streamtype: audioStream,
      mode: sizeLength === lowBitRate.sizeLength ? lowBitRate.mode : highBitRate.mode,
      "profile-level-id": profileLevelId || 1,
      sizelength: sizeLength || undefined,
      indexlength: indexLength || undefined,
      indexdeltalength: indexDeltaLength || undefined,
      config: encodeHex(serializeAudioSpecificConfig(config)),
    }),
  };
}

/**
 * The config counts as out of band when it is there and `cpresent` does not say otherwise: encoders forget the
 * parameter, whose default is 1.
 */
export function readLatm(format: FormatText): ReadFormat {
  const bytes = hexParameter(format, "config");
  const present = format.parameters.get("cpresent") ?? (bytes === undefined ? "1" : "0");
  const outOfBand = bytes === undefined
    ? null
    : orNull(() => readMuxConfig(bytes)) ?? orNull(() => repairMuxConfig(bytes));
  const bitrate = numberParameter(format, "bitrate");
  const codec: LatmCodec = {
    name: "MPEG-4 Audio LATM",
    profileLevelId: numberParameter(format, "profile-level-id") ?? latmProfileLevelId,
    ...(bitrate === undefined ? {} : { bitrate }),
    configInBand: present !== "0",
    ...outOfBand,
  };
  return { codec, clockRate: format.clockRate ?? outOfBand?.config.sampleRate ?? latmClockRate };
}

type OutOfBandConfig = Required<Pick<LatmCodec, "streamMuxConfig" | "config">>;

function readMuxConfig(bytes: Uint8Array): OutOfBandConfig {
  return { streamMuxConfig: bytes, config: parseStreamMuxConfig(bytes).layers[0].config };
}

/**
 * GStreamer's rtpmp4apay puts 15 bits in front of the whole codec data, backward compatible extensions included, where
 * the length of the frames should follow. What it means is one AAC layer, one access unit an element.
 */
function repairMuxConfig(bytes: Uint8Array): OutOfBandConfig {
  const reader = new BitReader(bytes);
  const plain = 0b0100_0000_0000_000;
  if (reader.bits(15, "StreamMuxConfig") !== plain) {
    throw new ParseError("StreamMuxConfig", "is no single AAC layer");
  }
  const config = readAudioSpecificConfig(reader, null);
  return { streamMuxConfig: serializeStreamMuxConfig(streamMuxConfigFromAac(config)), config };
}

export function writeLatm(codec: LatmCodec, clockRate: number): WrittenFormat {
  const { profileLevelId, bitrate, configInBand, streamMuxConfig, config } = codec;
  const outOfBand = !configInBand && streamMuxConfig !== undefined;
  return {
    rtpmap: `MP4A-LATM/${clockRate}/${config === undefined ? 1 : channelsOf(config)}`,
    fmtp: serializeFmtp({
      "profile-level-id": profileLevelId,
      bitrate,
      cpresent: configInBand ? 1 : 0,
      config: outOfBand ? encodeHex(streamMuxConfig) : undefined,
      object: outOfBand ? config?.objectType : undefined,
    }),
  };
}
