import type { BitReader } from "../../base/bits.ts";

/** AV1 §5.5.2. */
export interface Av1ColorConfig {
  readonly bitDepth: 8 | 10 | 12;
  readonly monochrome: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  /** 0 unknown, 1 vertical, 2 colocated */
  readonly chromaSamplePosition: number;
}

const bt709 = 1;
const srgb = 13;
const identity = 0;
const unspecified = 2;

function parseSubsampling(bits: BitReader, profile: number, bitDepth: number): { x: boolean; y: boolean } {
  if (profile === 0) return { x: true, y: true };
  if (profile === 1) return { x: false, y: false };
  if (bitDepth !== 12) return { x: true, y: false };
  const x = bits.flag("subsampling_x");
  return { x, y: x && bits.flag("subsampling_y") };
}

/** Throws ParseError. */
export function parseColorConfig(bits: BitReader, profile: number): Av1ColorConfig {
  const high = bits.flag("high_bitdepth");
  const bitDepth = !high ? 8 : profile === 2 && bits.flag("twelve_bit") ? 12 : 10;
  const monochrome = profile !== 1 && bits.flag("mono_chrome");
  let primaries = unspecified;
  let transfer = unspecified;
  let matrix = unspecified;
  if (bits.flag("color_description_present_flag")) {
    primaries = bits.bits(8, "color_primaries");
    transfer = bits.bits(8, "transfer_characteristics");
    matrix = bits.bits(8, "matrix_coefficients");
  }
  if (monochrome) {
    bits.skip(1, "color_range");
    return { bitDepth, monochrome, subsamplingX: true, subsamplingY: true, chromaSamplePosition: 0 };
  }
  if (primaries === bt709 && transfer === srgb && matrix === identity) {
    return { bitDepth, monochrome, subsamplingX: false, subsamplingY: false, chromaSamplePosition: 0 };
  }
  bits.skip(1, "color_range");
  const { x, y } = parseSubsampling(bits, profile, bitDepth);
  const chromaSamplePosition = x && y ? bits.bits(2, "chroma_sample_position") : 0;
  return { bitDepth, monochrome, subsamplingX: x, subsamplingY: y, chromaSamplePosition };
}
