/** Sequence header OBU. */
import { BitReader } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";
import { type Av1ColorConfig, parseColorConfig } from "./color_config.ts";
import { obuHeaderSize, ObuType, obuType, stripSizeField } from "./obu.ts";

/** AV1 §5.5.1; level and tier are those of operating point 0. */
export interface Av1SequenceHeader {
  readonly profile: number;
  readonly levelIdx: number;
  readonly tier: number;
  /** initial_display_delay_minus_1 of operating point 0; null when absent. */
  readonly initialDisplayDelayMinus1: number | null;
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly color: Av1ColorConfig;
}

const maxProfile = 2;
const maxUvlcZeros = 32;
/** Levels above 3.3 (index 7) have a tier. */
const lastLevelWithoutTier = 7;

function skipUvlc(bits: BitReader, field: string): void {
  let zeros = 0;
  while (!bits.flag(field)) {
    if (++zeros > maxUvlcZeros) throw new ParseError(field, "uvlc code is too long", bits.offset >>> 3);
  }
  if (zeros < maxUvlcZeros) bits.skip(zeros, field);
}

interface OperatingPoint {
  levelIdx: number;
  tier: number;
  initialDisplayDelayMinus1: number | null;
}

/** Returns buffer_delay_length, or 0 without a decoder model. */
function parseTiming(bits: BitReader): number {
  if (!bits.flag("timing_info_present_flag")) return 0;
  bits.skip(64, "num_units_in_display_tick and time_scale");
  if (bits.flag("equal_picture_interval")) skipUvlc(bits, "num_ticks_per_picture_minus_1");
  if (!bits.flag("decoder_model_info_present_flag")) return 0;
  const delayLength = bits.bits(5, "buffer_delay_length_minus_1") + 1;
  bits.skip(42, "decoder model");
  return delayLength;
}

function parseOperatingPoints(bits: BitReader): OperatingPoint {
  const delayLength = parseTiming(bits);
  const displayDelayPresent = bits.flag("initial_display_delay_present_flag");
  const count = bits.bits(5, "operating_points_cnt_minus_1") + 1;
  let first: OperatingPoint | null = null;
  for (let i = 0; i < count; i++) {
    bits.skip(12, "operating_point_idc");
    const levelIdx = bits.bits(5, "seq_level_idx");
    const tier = levelIdx > lastLevelWithoutTier ? bits.bits(1, "seq_tier") : 0;
    if (delayLength > 0 && bits.flag("decoder_model_present_for_this_op")) {
      bits.skip(2 * delayLength + 1, "operating parameters");
    }
    let initialDisplayDelayMinus1: number | null = null;
    if (displayDelayPresent && bits.flag("initial_display_delay_present_for_this_op")) {
      initialDisplayDelayMinus1 = bits.bits(4, "initial_display_delay_minus_1");
    }
    first ??= { levelIdx, tier, initialDisplayDelayMinus1 };
  }
  return first!;
}

/** From enable_interintra_compound to seq_force_integer_mv and the order hint. */
function skipTools(bits: BitReader): void {
  bits.skip(4, "inter tools");
  const orderHint = bits.flag("enable_order_hint");
  if (orderHint) bits.skip(2, "enable_jnt_comp and enable_ref_frame_mvs");
  const screenContent = bits.flag("seq_choose_screen_content_tools") ||
    bits.flag("seq_force_screen_content_tools");
  if (screenContent && !bits.flag("seq_choose_integer_mv")) bits.skip(1, "seq_force_integer_mv");
  if (orderHint) bits.skip(3, "order_hint_bits_minus_1");
}

/** The OBU with header, with or without size field; throws ParseError. */
export function parseAv1SequenceHeader(obu: Uint8Array): Av1SequenceHeader {
  const bare = stripSizeField(obu);
  if (obuType(bare) !== ObuType.sequenceHeader) throw new ParseError("obu_type", `is ${obuType(bare)}`, 0);
  const bits = new BitReader(bare);
  bits.skip(8 * obuHeaderSize(bare), "obu_header");
  const profile = bits.bits(3, "seq_profile");
  if (profile > maxProfile) throw new ParseError("seq_profile", `is ${profile}`, bits.offset >>> 3);
  bits.skip(1, "still_picture");
  const reduced = bits.flag("reduced_still_picture_header");
  const point = reduced
    ? { levelIdx: bits.bits(5, "seq_level_idx"), tier: 0, initialDisplayDelayMinus1: null }
    : parseOperatingPoints(bits);
  const widthBits = bits.bits(4, "frame_width_bits_minus_1") + 1;
  const heightBits = bits.bits(4, "frame_height_bits_minus_1") + 1;
  const maxWidth = bits.bits(widthBits, "max_frame_width_minus_1") + 1;
  const maxHeight = bits.bits(heightBits, "max_frame_height_minus_1") + 1;
  if (!reduced && bits.flag("frame_id_numbers_present_flag")) bits.skip(7, "frame id lengths");
  bits.skip(3, "use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter");
  if (!reduced) skipTools(bits);
  bits.skip(3, "enable_superres, enable_cdef, enable_restoration");
  return { profile, ...point, maxWidth, maxHeight, color: parseColorConfig(bits, profile) };
}
