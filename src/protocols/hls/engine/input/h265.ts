import { hevcCodecString } from "../../../../codecs/codec_string.ts";
import { H265DtsExtractor } from "../../../../codecs/h265/dts_extractor.ts";
import {
  hasIrap,
  isParameterSet,
  isPicture,
  nalHeaderSize,
  NalType,
  nalType,
} from "../../../../codecs/h265/nal.ts";
import { parseH265Sps } from "../../../../codecs/h265/sps.ts";
import { ParseError } from "../../../../base/errors.ts";
import { idBehind, type NalCodec } from "./nal_input.ts";

/** ITU-T H.265 §7.3.2: four bits in the VPS, behind profile and level in the SPS, in front of all in the PPS. */
function parameterSetId(unit: Uint8Array): number {
  switch (nalType(unit)) {
    case NalType.vps:
      if (unit.length <= nalHeaderSize) throw new ParseError("VPS", "is cut off", unit.length);
      return unit[nalHeaderSize] >> 4;
    case NalType.sps:
      return parseH265Sps(unit).id;
    default:
      return idBehind(unit, 8 * nalHeaderSize);
  }
}

export const h265Nal: NalCodec = {
  nalType,
  isParameterSet,
  isPicture,
  isDelimiter: (type) => type === NalType.accessUnitDelimiter,
  hasRandomAccess: hasIrap,
  parameterSetId,
  knownSets: ({ track: { codec } }) => codec.name === "H265" ? [codec.vps, codec.sps, codec.pps] : [],
  parameters(sets) {
    const vps = sets.ofKind(NalType.vps);
    const sps = sets.ofKind(NalType.sps);
    const pps = sets.ofKind(NalType.pps);
    if (vps.length === 0 || sps.length === 0 || pps.length === 0) return null;
    const { width, height, frameRate } = parseH265Sps(sps[0]);
    return {
      codec: { name: "H265", width, height, vps, sps, pps },
      codecString: hevcCodecString(sps[0]),
      frameRate,
    };
  },
  extractor: (timescale, sps) => new H265DtsExtractor(timescale, sps),
  spsType: NalType.sps,
};
