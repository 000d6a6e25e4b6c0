/** The decoder configuration of MP4 (`avcC`), RTMP and Matroska. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import type { LengthSize } from "../nal/length_prefixed.ts";
import { maxParameterSetSize } from "./nal.ts";
import { hasChromaInfo, parseH264Sps } from "./sps.ts";

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1. */
export interface AvcConfigurationRecord {
  /** AVCProfileIndication, profile_compatibility and AVCLevelIndication: bytes 1 to 3 of the SPS. */
  readonly profileIdc: number;
  readonly constraints: number;
  readonly levelIdc: number;
  /** Bytes of the length in front of each NAL unit of a sample. */
  readonly lengthSize: LengthSize;
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const version = 1;
const maxSpsCount = 31;
const maxPpsCount = 255;

/** Throws ParseError. What follows the parameter sets (chroma format, extensions) repeats the SPS and is not read. */
export function parseAvcConfigurationRecord(bytes: Uint8Array): AvcConfigurationRecord {
  const reader = new ByteReader(bytes);
  const found = reader.u8("configurationVersion");
  if (found !== version) throw new ParseError("configurationVersion", `is ${found}, expected 1`, 0);
  const profileIdc = reader.u8("AVCProfileIndication");
  const constraints = reader.u8("profile_compatibility");
  const levelIdc = reader.u8("AVCLevelIndication");
  const lengthSize = (reader.u8("lengthSizeMinusOne") & 0x03) + 1;
  if (lengthSize === 3) throw new ParseError("lengthSizeMinusOne", "is 2, which is reserved", 4);
  const sps = readSets(reader, reader.u8("numOfSequenceParameterSets") & 0x1f, "sequenceParameterSet");
  const pps = readSets(reader, reader.u8("numOfPictureParameterSets"), "pictureParameterSet");
  return { profileIdc, constraints, levelIdc, lengthSize: lengthSize as LengthSize, sps, pps };
}

function readSets(reader: ByteReader, count: number, field: string): Uint8Array[] {
  const sets: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const size = reader.u16(`${field}Length`);
    if (size > maxParameterSetSize) throw new ParseError(field, `has ${size} bytes`, reader.offset);
    sets.push(reader.view(size, `${field}NALUnit`));
  }
  return sets;
}

/**
 * The record of a stream with four-byte lengths, whose profile and level are those of the first SPS. Throws
 * ParseError when that cannot be parsed.
 */
export function serializeAvcConfigurationRecord(
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  if (sps.length === 0 || sps.length > maxSpsCount) {
    throw new ParseError("sequence parameter sets", `${sps.length} of them`);
  }
  if (pps.length > maxPpsCount) throw new ParseError("picture parameter sets", `${pps.length} of them`);
  const first = parseH264Sps(sps[0]);
  const high = hasChromaInfo(first.profileIdc);
  let size = 7 + (high ? 4 : 0);
  for (const set of [...sps, ...pps]) size += 2 + set.length;
  const writer = new ByteWriter(size);
  writer.u8(version).u8(first.profileIdc).u8(first.constraints).u8(first.levelIdc);
  // Six reserved ones, lengthSizeMinusOne; three reserved ones, the count.
  writer.u8(0xff).u8(0xe0 | sps.length);
  for (const set of sps) writer.u16(set.length).raw(set);
  writer.u8(pps.length);
  for (const set of pps) writer.u16(set.length).raw(set);
  if (high) {
    writer.u8(0xfc | first.chromaFormat).u8(0xf8 | (first.bitDepthLuma - 8));
    writer.u8(0xf8 | (first.bitDepthChroma - 8)).u8(0);
  }
  return writer.bytes;
}
