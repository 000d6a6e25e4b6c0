/** VPCodecConfigurationRecord: the content of `vpcC` boxes behind version and flags, and enhanced RTMP. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";

/** "VP Codec ISO Media File Format Binding" §2.2. */
export interface VpConfig {
  readonly profile: number;
  /** 10 times the level: 31 is 3.1; 0 unknown. */
  readonly level: number;
  readonly bitDepth: number;
  /** 0 4:2:0 vertical, 1 4:2:0 colocated, 2 4:2:2, 3 4:4:4 */
  readonly chromaSubsampling: number;
  readonly fullRange: boolean;
  /** ISO/IEC 23091-2 code points; 2 unspecified. */
  readonly colourPrimaries: number;
  readonly transferCharacteristics: number;
  readonly matrixCoefficients: number;
}

const size = 8;

/** Codec initialization data, which VP8 and VP9 never have, is skipped. Throws ParseError. */
export function parseVpConfig(bytes: Uint8Array): VpConfig {
  const reader = new ByteReader(bytes);
  const profile = reader.u8("profile");
  const level = reader.u8("level");
  const packed = reader.u8("bitDepth");
  const config: VpConfig = {
    profile,
    level,
    bitDepth: packed >> 4,
    chromaSubsampling: packed >> 1 & 7,
    fullRange: (packed & 1) === 1,
    colourPrimaries: reader.u8("colourPrimaries"),
    transferCharacteristics: reader.u8("transferCharacteristics"),
    matrixCoefficients: reader.u8("matrixCoefficients"),
  };
  reader.skip(reader.u16("codecInitializationDataSize"), "codecInitializationData");
  return config;
}

export function serializeVpConfig(config: VpConfig): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(size);
  out.u8(config.profile).u8(config.level);
  out.u8(config.bitDepth << 4 | config.chromaSubsampling << 1 | (config.fullRange ? 1 : 0));
  out.u8(config.colourPrimaries).u8(config.transferCharacteristics).u8(config.matrixCoefficients).u16(0);
  return out.bytes;
}

/** Luma samples of a picture that each level allows, VP9 levels of the WebM project. */
const levels: readonly [maxLuma: number, level: number][] = [
  [36_864, 10],
  [73_728, 11],
  [122_880, 20],
  [245_760, 21],
  [552_960, 30],
  [983_040, 31],
  [2_228_224, 40],
  [8_912_896, 50],
  [35_651_584, 60],
];

/** The lowest level for the size, whatever the frame rate; 0 beyond all. */
export function vp9LevelOfSize(width: number, height: number): number {
  return levels.find(([maxLuma]) => width * height <= maxLuma)?.[1] ?? 0;
}
