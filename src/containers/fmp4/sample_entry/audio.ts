/** Audio sample entries. */
import type { AudioSpecificConfig } from "../../../codecs/codec.ts";
import { parseFlacStreamInfo } from "../../../codecs/flac/stream_info.ts";
import { serializeAudioSpecificConfig } from "../../../codecs/mpeg4audio/audio_specific_config.ts";
import { opusChannelMapping } from "../../../codecs/opus/channels.ts";
import { opusClockRate } from "../../../codecs/opus/packet.ts";
import { ParseError } from "../../../base/errors.ts";
import { type Box, box, fullBox } from "../box.ts";
import type { Fmp4Ac3, Fmp4AudioCodec, Fmp4Flac } from "../codec.ts";
import { esds, ObjectType } from "../esds.ts";

const entryBodySize = 28;
/** What sample entries say where the codec itself has no sample size. */
const compressedSampleSize = 16;
/** samplerate is 16.16 fixed point; a higher rate does not fit and is left to the codec's own box. */
const maxEntrySampleRate = 0xffff;
/** RFC 7845 §4.2: 80 ms of decoder convergence, as a pre-skip. A live stream is joined in its middle: nothing to skip. */
const opusPreSkip = 0;

interface EntryValues {
  readonly channelCount: number;
  readonly sampleSize: number;
  readonly sampleRate: number;
}

/** AudioSampleEntry, ISO/IEC 14496-12 §12.2.3. */
function entry(type: string, values: EntryValues, child: Box): Box {
  return box(type, entryBodySize, (writer) => {
    // Reserved; data_reference_index.
    writer.u32(0).u16(0).u16(1);
    // Reserved.
    writer.u32(0).u32(0);
    writer.u16(values.channelCount).u16(values.sampleSize);
    // pre_defined, reserved
    writer.u32(0);
    writer.u16(values.sampleRate <= maxEntrySampleRate ? values.sampleRate : 0).u16(0);
  }, [child]);
}

/** OpusSpecificBox, Encapsulation of Opus in ISO Base Media File Format §4.3.2. */
function dOps(channelCount: number): Box {
  const channels = opusChannelMapping(channelCount);
  if (channels === undefined) {
    throw new ParseError("channel count", `${channelCount} is not possible in Opus`);
  }
  const mapped = channelCount > 2;
  return box("dOps", 11 + (mapped ? 2 + channelCount : 0), (writer) => {
    // Version, OutputChannelCount, PreSkip, InputSampleRate, OutputGain.
    writer.u8(0).u8(channelCount).u16(opusPreSkip).u32(opusClockRate).u16(0);
    // ChannelMappingFamily
    writer.u8(mapped ? 1 : 0);
    if (!mapped) return;
    writer.u8(channels.streamCount).u8(channels.coupledCount);
    for (const channel of channels.mapping) writer.u8(channel);
  });
}

/** Encapsulation of FLAC in ISO Base Media File Format §3.3.2: metadata blocks, the first is STREAMINFO. */
function dfLa(codec: Fmp4Flac): Box {
  return fullBox("dfLa", 0, 0, 4 + codec.streamInfo.length, (writer) => {
    // LastMetadataBlockFlag with block type 0.
    writer.u8(0x80).u24(codec.streamInfo.length).raw(codec.streamInfo);
  });
}

/** AC3SpecificBox, ETSI TS 102 366 §F.4. */
function dac3(codec: Fmp4Ac3): Box {
  return box("dac3", 3, (writer) => {
    const low = codec.acmod << 3 | (codec.lfeon ? 4 : 0) | codec.bitRateCode >> 3;
    writer.u8(codec.fscod << 6 | codec.bsid << 1 | codec.bsmod >> 2);
    writer.u8((codec.bsmod & 0x03) << 6 | low).u8((codec.bitRateCode & 0x07) << 5);
  });
}

function aacChannels(config: AudioSpecificConfig): EntryValues {
  return {
    channelCount: config.channelCount,
    sampleSize: compressedSampleSize,
    sampleRate: config.sampleRate,
  };
}

/** Throws ParseError when parameters cannot be parsed. */
export function audioSampleEntry(codec: Fmp4AudioCodec): Box {
  switch (codec.name) {
    case "MPEG-4 Audio":
      // ISO/IEC 14496-14 §6.7.2
      return entry(
        "mp4a",
        aacChannels(codec.config),
        esds(ObjectType.mpeg4Audio, serializeAudioSpecificConfig(codec.config)),
      );
    case "Opus": {
      const { channelCount } = codec;
      const values = { channelCount, sampleSize: compressedSampleSize, sampleRate: opusClockRate };
      return entry("Opus", values, dOps(channelCount));
    }
    case "FLAC": {
      const { channelCount, sampleRate, bitDepth } = parseFlacStreamInfo(codec.streamInfo);
      return entry("fLaC", { channelCount, sampleSize: bitDepth, sampleRate }, dfLa(codec));
    }
    case "AC3": {
      const { channelCount, sampleRate } = codec;
      return entry("ac-3", { channelCount, sampleSize: compressedSampleSize, sampleRate }, dac3(codec));
    }
  }
}
