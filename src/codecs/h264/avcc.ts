/** AVCDecoderConfigurationRecord: `avcC` boxes and RTMP sequence headers. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { type LengthSize, readLengthSize } from "../nal/length_prefixed.ts";
import { maxParameterSetSize } from "./nal.ts";
import { hasChromaInfo, parseH264Sps } from "./sps.ts";

/** ISO/IEC 14496-15 §5.3.3.1. Profile, compatibility and level are those of the first SPS. */
export interface AvcConfig {
  /** Size of the NAL unit lengths in samples. */
  readonly lengthSize: LengthSize;
  /** NAL units. */
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const version = 1;
const maxSpsCount = 31;
const maxPpsCount = 255;

function readSets(reader: ByteReader, count: number, field: string): Uint8Array[] {
  const sets: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const size = reader.u16(`${field} length`);
    if (size > maxParameterSetSize) {
      throw new ParseError(field, `has ${size} bytes, at most ${maxParameterSetSize} allowed`, reader.offset);
    }
    const set = reader.view(size, field);
    if (size > 0) sets.push(set);
  }
  return sets;
}

/**
 * Views. The chroma fields of the high profiles repeat the SPS and are not looked at, as some writers leave them out.
 * Throws ParseError.
 */
export function parseAvcConfig(bytes: Uint8Array): AvcConfig {
  const reader = new ByteReader(bytes);
  const found = reader.u8("configurationVersion");
  if (found !== version) throw new ParseError("configurationVersion", `is ${found}`, 0);
  reader.skip(3, "profile and level");
  const lengthSize = readLengthSize(reader.u8("lengthSizeMinusOne"), 4);
  const sps = readSets(reader, reader.u8("numOfSequenceParameterSets") & 0x1f, "SPS");
  const pps = readSets(reader, reader.u8("numOfPictureParameterSets"), "PPS");
  return { lengthSize, sps, pps };
}

/** Throws ParseError when the first SPS cannot be parsed, RangeError without one. */
export function serializeAvcConfig(config: AvcConfig): Uint8Array<ArrayBuffer> {
  const { sps, pps, lengthSize } = config;
  if (sps.length === 0 || sps.length > maxSpsCount || pps.length > maxPpsCount) {
    throw new RangeError(`avcC with ${sps.length} SPS and ${pps.length} PPS`);
  }
  const first = parseH264Sps(sps[0]);
  const hasChroma = hasChromaInfo(first.profileIdc);
  let size = 7 + (hasChroma ? 4 : 0);
  for (const set of [...sps, ...pps]) size += 2 + set.length;
  const out = new ByteWriter(size);
  out.u8(version).u8(first.profileIdc).u8(first.constraints).u8(first.levelIdc).u8(0xfc | lengthSize - 1);
  out.u8(0xe0 | sps.length);
  for (const set of sps) out.u16(set.length).raw(set);
  out.u8(pps.length);
  for (const set of pps) out.u16(set.length).raw(set);
  if (hasChroma) {
    out.u8(0xfc | first.chromaFormat).u8(0xf8 | first.bitDepthLuma - 8).u8(0xf8 | first.bitDepthChroma - 8)
      .u8(0);
  }
  return out.bytes;
}
