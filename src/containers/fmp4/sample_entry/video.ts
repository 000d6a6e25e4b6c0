/** Visual sample entries: what a decoder has to know before the first sample. */
import { serializeAv1ConfigurationRecord } from "../../../codecs/av1/configuration_record.ts";
import { serializeAvcConfigurationRecord } from "../../../codecs/h264/configuration_record.ts";
import { serializeHevcConfigurationRecord } from "../../../codecs/h265/configuration_record.ts";
import { serializeVpConfigurationRecord } from "../../../codecs/vp9/configuration_record.ts";
import { type Box, box, fullBox, rawBox } from "../box.ts";
import type { Fmp4VideoCodec } from "../codec.ts";
import { esds, ObjectType } from "../esds.ts";

const entryBodySize = 78;
/** 72 dpi in 16.16 fixed point. */
const resolution = 0x00480000;
/** Colour, without alpha. */
const depth = 0x18;

/** VisualSampleEntry, ISO/IEC 14496-12 §12.1.3. */
function visualSampleEntry(type: string, width: number, height: number, children: readonly Box[]): Box {
  return box(type, entryBodySize, (writer) => {
    // Reserved.
    writer.u32(0).u16(0);
    // data_reference_index
    writer.u16(1);
    // pre_defined and reserved
    writer.u32(0).u32(0).u32(0).u32(0);
    writer.u16(width).u16(height);
    writer.u32(resolution).u32(resolution);
    // Reserved; frame_count: one frame per sample.
    writer.u32(0).u16(1);
    // compressorname: an empty string in 32 bytes.
    writer.raw(new Uint8Array(32));
    // depth, pre_defined
    writer.u16(depth).u16(0xffff);
  }, children);
}

/** Throws ParseError when parameters cannot be parsed. */
export function videoSampleEntry(codec: Fmp4VideoCodec): Box {
  const { width, height } = codec;
  switch (codec.name) {
    case "H264":
      // ISO/IEC 14496-15 §5.4.2
      return visualSampleEntry("avc1", width, height, [
        rawBox("avcC", serializeAvcConfigurationRecord(codec.sps, codec.pps)),
      ]);
    case "H265":
      // ISO/IEC 14496-15 §8.4.1; `hev1` is refused by Apple's players.
      return visualSampleEntry("hvc1", width, height, [
        rawBox("hvcC", serializeHevcConfigurationRecord(codec.vps, codec.sps, codec.pps)),
      ]);
    case "AV1":
      // AV1 in ISO base media file format §2.2
      return visualSampleEntry("av01", width, height, [
        rawBox("av1C", serializeAv1ConfigurationRecord(codec.sequenceHeader)),
      ]);
    case "VP9": {
      // VP Codec ISO Media File Format Binding §2; version 1 of the box.
      const record = serializeVpConfigurationRecord(codec.record);
      return visualSampleEntry("vp09", width, height, [
        fullBox("vpcC", 1, 0, record.length, (writer) => writer.raw(record)),
      ]);
    }
    case "MPEG-4 Video":
      // ISO/IEC 14496-14 §6.7.2
      return visualSampleEntry("mp4v", width, height, [esds(ObjectType.mpeg4Video, codec.config)]);
  }
}
