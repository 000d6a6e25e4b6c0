/** Codec values → the sequence headers of FLV and Enhanced RTMP. */
import { ParseError } from "../../../base/errors.ts";
import { serializeAv1ConfigurationRecord } from "../../../codecs/av1/configuration_record.ts";
import { findSequenceHeader } from "../../../codecs/av1/obu.ts";
import type { Codec } from "../../../codecs/codec.ts";
import { serializeAvcConfigurationRecord } from "../../../codecs/h264/configuration_record.ts";
import { serializeHevcConfigurationRecord } from "../../../codecs/h265/configuration_record.ts";
import { serializeAudioSpecificConfig } from "../../../codecs/mpeg4audio/audio_specific_config.ts";
import {
  serializeVpConfigurationRecord,
  vpConfigurationFromKeyFrame,
} from "../../../codecs/vp9/configuration_record.ts";
import { parseVp9Header } from "../../../codecs/vp9/header.ts";
import { flacHeader } from "../tracks/flac.ts";
import { serializeOpusHead } from "../tracks/opus_head.ts";

/** True: the codec has a sequence header, without which readers cannot decode. */
export function needsSequenceHeader(codec: Codec): boolean {
  return !["MPEG-1/2 Audio", "AC3", "G711", "LPCM"].includes(codec.name);
}

/**
 * The data of a sequence header; null while the parameters are not known. `payload`: of a key frame, for codecs that
 * have their parameters only there.
 */
export function sequenceHeader(codec: Codec, payload: readonly Uint8Array[] | null): Uint8Array | null {
  try {
    return build(codec, payload);
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}

function build(codec: Codec, payload: readonly Uint8Array[] | null): Uint8Array | null {
  switch (codec.name) {
    case "H264": {
      const { sps, pps } = codec;
      return sps === undefined || pps === undefined ? null : serializeAvcConfigurationRecord([sps], [pps]);
    }
    case "H265": {
      const { vps, sps, pps } = codec;
      if (vps === undefined || sps === undefined || pps === undefined) return null;
      return serializeHevcConfigurationRecord([vps], [sps], [pps]);
    }
    case "AV1": {
      const header = codec.sequenceHeader ?? findSequenceHeader(payload ?? []);
      return header === undefined ? null : serializeAv1ConfigurationRecord(header);
    }
    case "VP9": {
      if (payload === null || payload.length === 0) return null;
      const { profile, key } = parseVp9Header(payload[0]);
      if (key === null) return null;
      return serializeVpConfigurationRecord(vpConfigurationFromKeyFrame(profile, key, null));
    }
    case "MPEG-4 Audio":
      return serializeAudioSpecificConfig(codec.config);
    case "MPEG-4 Audio LATM":
      return codec.config === undefined ? null : serializeAudioSpecificConfig(codec.config);
    case "Opus":
      return serializeOpusHead(codec.channelCount);
    case "FLAC":
      return flacHeader(codec);
    default:
      return null;
  }
}
