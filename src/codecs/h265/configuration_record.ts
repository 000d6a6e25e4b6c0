/** The decoder configuration of MP4 (`hvcC`), enhanced RTMP and Matroska. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import type { LengthSize } from "../nal/length_prefixed.ts";
import { maxParameterSetSize, NalType } from "./nal.ts";
import type { ProfileTierLevel } from "./profile_tier_level.ts";
import { parseH265Sps } from "./sps.ts";

/** HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 §8.3.3.1; what repeats the SPS is left out. */
export interface HevcConfigurationRecord {
  readonly profile: ProfileTierLevel;
  readonly lengthSize: LengthSize;
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const version = 1;
const maxArrays = 32;
const maxSets = 256;
const headerSize = 23;

/** Throws ParseError. NAL units of other kinds (SEI messages) are skipped. */
export function parseHevcConfigurationRecord(bytes: Uint8Array): HevcConfigurationRecord {
  const reader = new ByteReader(bytes);
  const found = reader.u8("configurationVersion");
  if (found !== version) throw new ParseError("configurationVersion", `is ${found}, expected 1`, 0);
  const first = reader.u8("general_profile");
  const profile: ProfileTierLevel = {
    profileSpace: first >> 6,
    highTier: (first & 0x20) !== 0,
    profileIdc: first & 0x1f,
    compatibility: reader.u32("general_profile_compatibility_flags"),
    constraints: reader.u32("general_constraint_indicator_flags") * 0x10000 +
      reader.u16("general_constraint_indicator_flags"),
    levelIdc: reader.u8("general_level_idc"),
  };
  reader.skip(2 + 1 + 1 + 1 + 1 + 2, "segmentation, parallelism, chroma, bit depths, frame rate");
  const lengthSize = (reader.u8("lengthSizeMinusOne") & 0x03) + 1;
  if (lengthSize === 3) {
    throw new ParseError("lengthSizeMinusOne", "is 2, which is reserved", reader.offset - 1);
  }
  const sets = { vps: [] as Uint8Array[], sps: [] as Uint8Array[], pps: [] as Uint8Array[] };
  const arrays = reader.u8("numOfArrays");
  if (arrays > maxArrays) throw new ParseError("numOfArrays", `is ${arrays}`, reader.offset - 1);
  for (let i = 0; i < arrays; i++) {
    const type = reader.u8("NAL_unit_type") & 0x3f;
    const units = readUnits(reader);
    if (type === NalType.vps) sets.vps.push(...units);
    else if (type === NalType.sps) sets.sps.push(...units);
    else if (type === NalType.pps) sets.pps.push(...units);
  }
  return { profile, lengthSize: lengthSize as LengthSize, ...sets };
}

function readUnits(reader: ByteReader): Uint8Array[] {
  const count = reader.u16("numNalus");
  if (count > maxSets) throw new ParseError("numNalus", `is ${count}`, reader.offset - 2);
  const units: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const size = reader.u16("nalUnitLength");
    if (size > maxParameterSetSize) throw new ParseError("nalUnit", `has ${size} bytes`, reader.offset);
    units.push(reader.view(size, "nalUnit"));
  }
  return units;
}

/**
 * The record of a stream with four-byte lengths; the rest comes from the first SPS. Throws ParseError when that
 * cannot be parsed.
 */
export function serializeHevcConfigurationRecord(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  if (sps.length === 0) throw new ParseError("sequence parameter sets", "there are none");
  const first = parseH265Sps(sps[0]);
  const arrays = [
    { type: NalType.vps, units: vps },
    { type: NalType.sps, units: sps },
    { type: NalType.pps, units: pps },
  ].filter(({ units }) => units.length > 0);
  let size = headerSize;
  for (const { units } of arrays) {
    size += 3;
    for (const unit of units) size += 2 + unit.length;
  }
  const writer = new ByteWriter(size);
  const { profileSpace, highTier, profileIdc, compatibility, constraints, levelIdc } = first.profile;
  writer.u8(version).u8(profileSpace << 6 | (highTier ? 0x20 : 0) | profileIdc).u32(compatibility);
  writer.u32(Math.floor(constraints / 0x10000)).u16(constraints % 0x10000).u8(levelIdc);
  // min_spatial_segmentation_idc and parallelismType: 0 is "unknown"; the ones around them are reserved.
  writer.u16(0xf000).u8(0xfc).u8(0xfc | first.chromaFormat);
  writer.u8(0xf8 | (first.bitDepthLuma - 8)).u8(0xf8 | (first.bitDepthChroma - 8));
  // avgFrameRate 0: unspecified. constantFrameRate 0, numTemporalLayers, temporalIdNested, four-byte lengths.
  writer.u16(0).u8(first.maxSubLayers << 3 | (first.temporalIdNesting ? 0x04 : 0) | 0x03);
  writer.u8(arrays.length);
  for (const { type, units } of arrays) {
    // array_completeness: `hvc1` demands it.
    writer.u8(0x80 | type).u16(units.length);
    for (const unit of units) writer.u16(unit.length).raw(unit);
  }
  return writer.bytes;
}
