/** The decoder configuration of MP4 (`vpcC`) and enhanced RTMP. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import type { Vp9KeyHeader } from "./header.ts";
import { vp9Level } from "./level.ts";

/**
 * VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding §2.2), without the version and flags that the
 * box has in front.
 */
export interface VpConfigurationRecord {
  readonly profile: number;
  /** Ten times the level: 31 is 3.1. */
  readonly level: number;
  readonly bitDepth: number;
  /** 0 4:2:0 vertical, 1 4:2:0 colocated, 2 4:2:2, 3 4:4:4 */
  readonly chromaSubsampling: number;
  readonly fullRange: boolean;
  /** ITU-T H.273; 2 is unspecified. */
  readonly colourPrimaries: number;
  readonly transferCharacteristics: number;
  readonly matrixCoefficients: number;
}

const recordSize = 8;

/** Throws ParseError. */
export function parseVpConfigurationRecord(bytes: Uint8Array): VpConfigurationRecord {
  const reader = new ByteReader(bytes);
  const profile = reader.u8("profile");
  const level = reader.u8("level");
  const mixed = reader.u8("bitDepth, chromaSubsampling, videoFullRangeFlag");
  const record = {
    profile,
    level,
    bitDepth: mixed >> 4,
    chromaSubsampling: (mixed >> 1) & 0x07,
    fullRange: (mixed & 1) !== 0,
    colourPrimaries: reader.u8("colourPrimaries"),
    transferCharacteristics: reader.u8("transferCharacteristics"),
    matrixCoefficients: reader.u8("matrixCoefficients"),
  };
  const size = reader.u16("codecInitializationDataSize");
  if (size !== 0) throw new ParseError("codecInitializationDataSize", `is ${size}, must be 0`, 6);
  return record;
}

export function serializeVpConfigurationRecord(record: VpConfigurationRecord): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(recordSize);
  writer.u8(record.profile).u8(record.level);
  writer.u8(record.bitDepth << 4 | record.chromaSubsampling << 1 | (record.fullRange ? 1 : 0));
  writer.u8(record.colourPrimaries).u8(record.transferCharacteristics).u8(record.matrixCoefficients);
  return writer.u16(0).bytes;
}

/** ITU-T H.273 values of VP9's color_space: unknown, BT.601, BT.709, SMPTE 170M, SMPTE 240M, BT.2020, reserved, sRGB. */
const colours: readonly (readonly [number, number, number])[] = [
  [2, 2, 2],
  [5, 6, 5],
  [1, 1, 1],
  [6, 6, 6],
  [7, 7, 7],
  [9, 14, 9],
  [2, 2, 2],
  [1, 13, 0],
];

function chromaSubsampling(key: Vp9KeyHeader): number {
  if (!key.subsamplingX) return 3;
  return key.subsamplingY ? 1 : 2;
}

/** `frameRate`: frames per second when known; it only decides the level. */
export function vpConfigurationFromKeyFrame(
  profile: number,
  key: Vp9KeyHeader,
  frameRate: number | null,
): VpConfigurationRecord {
  const [colourPrimaries, transferCharacteristics, matrixCoefficients] = colours[key.colorSpace];
  return {
    profile,
    level: vp9Level(key.width, key.height, frameRate),
    bitDepth: key.bitDepth,
    chromaSubsampling: chromaSubsampling(key),
    fullRange: key.fullRange,
    colourPrimaries,
    transferCharacteristics,
    matrixCoefficients,
  };
}
