/** VP9 streams do not say their level; it follows from size and rate (VP9 bitstream specification, Annex A). */

interface Level {
  /** Ten times the level. */
  readonly value: number;
  /** Luma samples per second. */
  readonly maxRate: number;
  /** Luma samples per picture. */
  readonly maxSize: number;
  readonly maxEdge: number;
}

const levels: readonly Level[] = [
  { value: 10, maxRate: 829_440, maxSize: 36_864, maxEdge: 512 },
  { value: 11, maxRate: 2_764_800, maxSize: 73_728, maxEdge: 768 },
  { value: 20, maxRate: 4_608_000, maxSize: 122_880, maxEdge: 960 },
  { value: 21, maxRate: 9_216_000, maxSize: 245_760, maxEdge: 1344 },
  { value: 30, maxRate: 20_736_000, maxSize: 552_960, maxEdge: 2048 },
  { value: 31, maxRate: 36_864_000, maxSize: 983_040, maxEdge: 2752 },
  { value: 40, maxRate: 83_558_400, maxSize: 2_228_224, maxEdge: 4160 },
  { value: 41, maxRate: 160_432_128, maxSize: 2_228_224, maxEdge: 4160 },
  { value: 50, maxRate: 311_951_360, maxSize: 8_912_896, maxEdge: 8384 },
  { value: 51, maxRate: 588_251_136, maxSize: 8_912_896, maxEdge: 8384 },
  { value: 52, maxRate: 1_176_502_272, maxSize: 8_912_896, maxEdge: 8384 },
  { value: 60, maxRate: 1_176_502_272, maxSize: 35_651_584, maxEdge: 16_832 },
  { value: 61, maxRate: 2_353_004_544, maxSize: 35_651_584, maxEdge: 16_832 },
];
const highest = 62;
const assumedFrameRate = 30;

/** Ten times the lowest level that allows this picture at this rate. */
export function vp9Level(width: number, height: number, frameRate: number | null): number {
  const size = width * height;
  const rate = size * (frameRate ?? assumedFrameRate);
  const edge = Math.max(width, height);
  for (const level of levels) {
    if (size <= level.maxSize && rate <= level.maxRate && edge <= level.maxEdge) return level.value;
  }
  return highest;
}
