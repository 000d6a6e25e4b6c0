/** Sample entries → codecs. */
import { ByteReader } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import { parseAv1ConfigurationRecord } from "../../../codecs/av1/configuration_record.ts";
import { flacStreamInfoSize } from "../../../codecs/flac/stream_info.ts";
import { parseAvcConfigurationRecord } from "../../../codecs/h264/configuration_record.ts";
import { parseHevcConfigurationRecord } from "../../../codecs/h265/configuration_record.ts";
import { parseAudioSpecificConfig } from "../../../codecs/mpeg4audio/audio_specific_config.ts";
import { maxOpusChannels } from "../../../codecs/opus/channels.ts";
import { parseVpConfigurationRecord } from "../../../codecs/vp9/configuration_record.ts";
import type { Fmp4AudioCodec, Fmp4Codec, Fmp4VideoCodec } from "../codec.ts";
import { ObjectType, parseEsds } from "../esds.ts";
import { type ReadBox, readBoxes, requireBox } from "./boxes.ts";

const videoEntrySize = 78;
const audioEntrySize = 28;

/** Null for codecs that are not known here. Throws ParseError. */
export function parseSampleEntry(entry: ReadBox): Fmp4Codec | null {
  switch (entry.type) {
    case "avc1":
    case "avc3":
    case "hvc1":
    case "hev1":
    case "av01":
    case "vp09":
    case "mp4v":
      return parseVideoEntry(entry);
    case "mp4a":
    case "Opus":
    case "fLaC":
    case "ac-3":
      return parseAudioEntry(entry);
    default:
      return null;
  }
}

function parseVideoEntry(entry: ReadBox): Fmp4VideoCodec | null {
  const reader = new ByteReader(entry.body);
  reader.skip(24, "VisualSampleEntry");
  const width = reader.u16("width");
  const height = reader.u16("height");
  reader.skip(videoEntrySize - reader.offset, "VisualSampleEntry");
  const children = readBoxes(reader.rest());
  switch (entry.type) {
    case "avc1":
    case "avc3": {
      const { sps, pps, lengthSize } = parseAvcConfigurationRecord(requireBox(children, "avcC").body);
      requireFourBytes(lengthSize);
      return { name: "H264", width, height, sps, pps };
    }
    case "hvc1":
    case "hev1": {
      const { vps, sps, pps, lengthSize } = parseHevcConfigurationRecord(requireBox(children, "hvcC").body);
      requireFourBytes(lengthSize);
      return { name: "H265", width, height, vps, sps, pps };
    }
    case "av01": {
      const { sequenceHeader } = parseAv1ConfigurationRecord(requireBox(children, "av1C").body);
      if (sequenceHeader === undefined) throw new ParseError("configOBUs", "have no sequence header");
      return { name: "AV1", width, height, sequenceHeader };
    }
    case "vp09": {
      const body = new ByteReader(requireBox(children, "vpcC").body);
      body.skip(4, "version and flags");
      return { name: "VP9", width, height, record: parseVpConfigurationRecord(body.rest()) };
    }
    default: {
      const { objectType, specificInfo } = parseEsds(requireBox(children, "esds").body);
      if (objectType !== ObjectType.mpeg4Video) return null;
      return { name: "MPEG-4 Video", width, height, config: specificInfo };
    }
  }
}

/** Nobody writes anything else, and who reads the samples need not carry the size along. */
function requireFourBytes(lengthSize: number): void {
  if (lengthSize !== 4) {
    throw new ParseError("lengthSizeMinusOne", `is ${lengthSize - 1}, only 3 is supported`);
  }
}

function parseAudioEntry(entry: ReadBox): Fmp4AudioCodec | null {
  const reader = new ByteReader(entry.body);
  reader.skip(16, "AudioSampleEntry");
  const channelCount = reader.u16("channelcount");
  reader.skip(6, "AudioSampleEntry");
  const sampleRate = reader.u16("samplerate");
  reader.skip(audioEntrySize - reader.offset, "AudioSampleEntry");
  const children = readBoxes(reader.rest());
  switch (entry.type) {
    case "mp4a": {
      const { objectType, specificInfo } = parseEsds(requireBox(children, "esds").body);
      if (objectType !== ObjectType.mpeg4Audio) return null;
      return { name: "MPEG-4 Audio", config: parseAudioSpecificConfig(specificInfo) };
    }
    case "Opus": {
      const body = new ByteReader(requireBox(children, "dOps").body);
      body.skip(1, "Version");
      const channels = body.u8("OutputChannelCount");
      if (channels === 0 || channels > maxOpusChannels) {
        throw new ParseError("OutputChannelCount", `is ${channels}`, 1);
      }
      return { name: "Opus", channelCount: channels };
    }
    case "fLaC": {
      const body = new ByteReader(requireBox(children, "dfLa").body);
      body.skip(4, "version and flags");
      const first = body.u8("BlockType");
      if ((first & 0x7f) !== 0) {
        throw new ParseError("BlockType", `is ${first & 0x7f}, expected STREAMINFO`, 4);
      }
      const size = body.u24("Length");
      if (size !== flacStreamInfoSize) throw new ParseError("STREAMINFO", `has ${size} bytes`, 5);
      return { name: "FLAC", streamInfo: body.view(size, "STREAMINFO") };
    }
    default: {
      const body = new ByteReader(requireBox(children, "dac3").body);
      const value = body.u24("AC3SpecificBox");
      return {
        name: "AC3",
        sampleRate,
        channelCount,
        fscod: value >> 22,
        bsid: value >> 17 & 0x1f,
        bsmod: value >> 14 & 0x07,
        acmod: value >> 11 & 0x07,
        lfeon: (value >> 10 & 1) !== 0,
        bitRateCode: value >> 5 & 0x1f,
      };
    }
  }
}
