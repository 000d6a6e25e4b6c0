import { avcCodecString } from "../../../../codecs/codec_string.ts";
import { H264DtsExtractor } from "../../../../codecs/h264/dts_extractor.ts";
import { hasIdr, isPicture, NalType, nalType } from "../../../../codecs/h264/nal.ts";
import { parseH264Sps } from "../../../../codecs/h264/sps.ts";
import { idBehind, type NalCodec } from "./nal_input.ts";

const nalHeaderBits = 8;
/** profile_idc, constraint flags, level_idc: ITU-T H.264 §7.3.2.1.1. */
const spsHeaderBits = nalHeaderBits + 24;

export const h264Nal: NalCodec = {
  nalType,
  isParameterSet: (type) => type === NalType.sps || type === NalType.pps,
  isPicture,
  isDelimiter: (type) => type === NalType.accessUnitDelimiter,
  hasRandomAccess: hasIdr,
  parameterSetId: (unit) => idBehind(unit, nalType(unit) === NalType.sps ? spsHeaderBits : nalHeaderBits),
  knownSets: ({ track: { codec } }) => codec.name === "H264" ? [codec.sps, codec.pps] : [],
  parameters(sets) {
    const sps = sets.ofKind(NalType.sps);
    const pps = sets.ofKind(NalType.pps);
    if (sps.length === 0 || pps.length === 0) return null;
    const { width, height, vui } = parseH264Sps(sps[0]);
    return {
      codec: { name: "H264", width, height, sps, pps },
      codecString: avcCodecString(sps[0]),
      frameRate: vui?.frameRate ?? null,
    };
  },
  extractor: (timescale, sps) => new H264DtsExtractor(timescale, sps),
  spsType: NalType.sps,
};
