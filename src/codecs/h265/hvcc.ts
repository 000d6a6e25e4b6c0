/** HEVCDecoderConfigurationRecord: `hvcC` boxes and enhanced RTMP sequence headers. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { type LengthSize, readLengthSize } from "../nal/length_prefixed.ts";
import { maxParameterSetSize, NalType } from "./nal.ts";
import { parseH265Sps } from "./sps.ts";

/** ISO/IEC 14496-15 §8.3.3.1. The general fields are those of the first SPS. */
export interface HevcConfig {
  /** Size of the NAL unit lengths in samples. */
  readonly lengthSize: LengthSize;
  /** NAL units. */
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const version = 1;
/** Bytes before numOfArrays. */
const fixedSize = 22;
const maxArrays = 16;
const maxSetsPerArray = 64;

/** Views; arrays of other NAL units, such as SEI, are skipped. Throws ParseError. */
export function parseHevcConfig(bytes: Uint8Array): HevcConfig {
  const reader = new ByteReader(bytes);
  const found = reader.u8("configurationVersion");
  // Writers older than the final specification set 0.
  if (found > version) throw new ParseError("configurationVersion", `is ${found}`, 0);
  reader.skip(fixedSize - 2, "general fields");
  const lengthSize = readLengthSize(reader.u8("lengthSizeMinusOne"), fixedSize - 1);
  const arrays = reader.u8("numOfArrays");
  if (arrays > maxArrays) throw new ParseError("numOfArrays", `is ${arrays}`, reader.offset - 1);
  const config = { lengthSize, vps: [] as Uint8Array[], sps: [] as Uint8Array[], pps: [] as Uint8Array[] };
  for (let i = 0; i < arrays; i++) {
    const type = reader.u8("NAL_unit_type") & 0x3f;
    const count = reader.u16("numNalus");
    if (count > maxSetsPerArray) throw new ParseError("numNalus", `is ${count}`, reader.offset - 2);
    for (let j = 0; j < count; j++) {
      const size = reader.u16("nalUnitLength");
      const unit = reader.view(size, "nalUnit");
      if (size === 0 || size > maxParameterSetSize) continue;
      if (type === NalType.vps) config.vps.push(unit);
      else if (type === NalType.sps) config.sps.push(unit);
      else if (type === NalType.pps) config.pps.push(unit);
    }
  }
  return config;
}

/** Throws ParseError when the first SPS cannot be parsed, RangeError without one. */
export function serializeHevcConfig(config: HevcConfig): Uint8Array<ArrayBuffer> {
  if (config.sps.length === 0) throw new RangeError("hvcC without SPS");
  const { profile, chromaFormat, bitDepthLuma, bitDepthChroma, maxSubLayers, temporalIdNesting } =
    parseH265Sps(
      config.sps[0],
    );
  const arrays = ([[NalType.vps, config.vps], [NalType.sps, config.sps], [NalType.pps, config.pps]] as const)
    .filter(([, units]) => units.length > 0);
  let size = fixedSize + 1;
  for (const [, units] of arrays) {
    size += 3;
    for (const unit of units) size += 2 + unit.length;
  }
  const out = new ByteWriter(size);
  out.u8(version).u8(profile.profileSpace << 6 | (profile.highTier ? 0x20 : 0) | profile.profileIdc);
  out.u32(profile.compatibility).u16(Math.floor(profile.constraints / 2 ** 32)).u32(
    profile.constraints % 2 ** 32,
  );
  // Unknown: smallest spatial segment, parallelism, frame rates.
  out.u8(profile.levelIdc).u16(0xf000).u8(0xfc).u8(0xfc | chromaFormat);
  out.u8(0xf8 | bitDepthLuma - 8).u8(0xf8 | bitDepthChroma - 8).u16(0);
  out.u8(maxSubLayers << 3 | (temporalIdNesting ? 4 : 0) | config.lengthSize - 1).u8(arrays.length);
  for (const [type, units] of arrays) {
    // array_completeness 0: parameter sets may also be in band.
    out.u8(type).u16(units.length);
    for (const unit of units) out.u16(unit.length).raw(unit);
  }
  return out.bytes;
}
