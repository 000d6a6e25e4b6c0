/** What a publisher sends about a track → the codec value of `codecs/codec.ts`. */
import { ParseError } from "../../../base/errors.ts";
import { parseAc3Header } from "../../../codecs/ac3/syncframe.ts";
import { parseAv1ConfigurationRecord } from "../../../codecs/av1/configuration_record.ts";
import type { AudioSpecificConfig, Codec, Mpeg4AudioCodec } from "../../../codecs/codec.ts";
import { parseFlacStreamInfo } from "../../../codecs/flac/stream_info.ts";
import { parseAvcConfigurationRecord } from "../../../codecs/h264/configuration_record.ts";
import { parseHevcConfigurationRecord } from "../../../codecs/h265/configuration_record.ts";
import { parseAudioSpecificConfig } from "../../../codecs/mpeg4audio/audio_specific_config.ts";
import type { LengthSize } from "../../../codecs/nal/length_prefixed.ts";
import { parseVpConfigurationRecord } from "../../../codecs/vp9/configuration_record.ts";
import { fourCcs } from "../../../containers/flv/four_cc.ts";
import type { Elementary } from "./elementary.ts";
import { flacCodec, flacInfoOfHeader } from "./flac.ts";
import { parseOpusHead } from "./opus_head.ts";

/** What a publisher's track is. */
export interface WireTrack {
  readonly codec: Codec;
  readonly clockRate: number;
  /** Of the lengths in front of NAL units. */
  readonly lengthSize: LengthSize;
}

const videoClockRate = 90_000;
const opusClockRate = 48_000;
/** RFC 3551 §4.5.13. */
const mpegAudioClockRate = 90_000;
const g711Rate = 8000;

/**
 * Null: the message does not say enough yet, or carries no media. Parameters are copied. Throws ParseError, also for
 * codecs that cannot be carried.
 */
export function trackFromWire(element: Elementary): WireTrack | null {
  const { codec, part, data } = element;
  if (part === "end" || data.length === 0) return null;
  switch (codec.name) {
    case fourCcs.avc:
      return part === "config" ? h264Track(data) : null;
    case fourCcs.hevc:
      return part === "config" ? h265Track(data) : null;
    case fourCcs.av1:
      return part === "config" ? av1Track(data) : null;
    case fourCcs.vp9:
      return part === "config"
        ? video({ name: "VP9", profileId: parseVpConfigurationRecord(afterVersion(data)).profile })
        : null;
    case fourCcs.aac: {
      if (part !== "config") return null;
      const config = copied(parseAudioSpecificConfig(data));
      return audio(mpeg4AudioCodec(config), config.sampleRate);
    }
    case fourCcs.opus:
      return part === "config"
        ? audio({ name: "Opus", channelCount: parseOpusHead(data).channelCount }, opusClockRate)
        : null;
    case fourCcs.flac: {
      if (part !== "config") return null;
      const info = flacInfoOfHeader(data);
      return audio(flacCodec(info), parseFlacStreamInfo(info).sampleRate);
    }
    case fourCcs.mp3:
      return part === "frames" ? audio({ name: "MPEG-1/2 Audio" }, mpegAudioClockRate) : null;
    case fourCcs.ac3:
      return part === "frames" ? ac3Track(data) : null;
    default:
      return flvOnlyTrack(element);
  }
}

function flvOnlyTrack({ codec }: Elementary): WireTrack {
  if ("muLaw" in codec) {
    const { muLaw, channelCount } = codec;
    return audio({ name: "G711", muLaw, sampleRate: g711Rate, channelCount }, g711Rate);
  }
  if ("bitDepth" in codec) {
    const { bitDepth, sampleRate, channelCount } = codec;
    return audio({ name: "LPCM", bitDepth, sampleRate, channelCount }, sampleRate);
  }
  throw new ParseError("codec", `${codec.name} is not supported`);
}

function video(codec: Codec, lengthSize: LengthSize = 4): WireTrack {
  return { codec, clockRate: videoClockRate, lengthSize };
}

function audio(codec: Codec, clockRate: number): WireTrack {
  return { codec, clockRate, lengthSize: 4 };
}

function h264Track(data: Uint8Array): WireTrack {
  const { sps, pps, lengthSize } = parseAvcConfigurationRecord(data);
  return video(
    { name: "H264", packetizationMode: 1, sps: sps[0]?.slice(), pps: pps[0]?.slice() },
    lengthSize,
  );
}

function h265Track(data: Uint8Array): WireTrack {
  const { vps, sps, pps, lengthSize } = parseHevcConfigurationRecord(data);
  const codec: Codec = { name: "H265", vps: vps[0]?.slice(), sps: sps[0]?.slice(), pps: pps[0]?.slice() };
  return video(codec, lengthSize);
}

function av1Track(data: Uint8Array): WireTrack {
  const { profile, levelIdx, tier, sequenceHeader } = parseAv1ConfigurationRecord(data);
  return video({
    name: "AV1",
    profile,
    levelIdx,
    tier,
    ...(sequenceHeader === undefined ? {} : { sequenceHeader: sequenceHeader.slice() }),
  });
}

/** Some writers take the whole body of the `vpcC` box, with version and flags. */
function afterVersion(data: Uint8Array): Uint8Array {
  const full = data.length >= 12 && data[0] === 1 && data[1] === 0 && data[2] === 0 && data[3] === 0;
  return full ? data.subarray(4) : data;
}

export function mpeg4AudioCodec(config: AudioSpecificConfig): Mpeg4AudioCodec {
  return {
    name: "MPEG-4 Audio",
    config,
    sizeLength: 13,
    indexLength: 3,
    indexDeltaLength: 3,
    profileLevelId: 1,
  };
}

function copied(config: AudioSpecificConfig): AudioSpecificConfig {
  return config.raw === undefined ? config : { ...config, raw: config.raw.slice() };
}

function ac3Track(data: Uint8Array): WireTrack | null {
  const header = parseAc3Header(data);
  if (header === null) return null;
  const { sampleRate, channelCount } = header;
  return audio({ name: "AC3", sampleRate, channelCount }, sampleRate);
}
