/** The part of the SPS between the reorder depth and the frame rate: only walked over. */
import type { BitReader } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";

const maxShortTermSets = 64;
const maxLongTermPics = 32;
const maxPicsInSet = 16;
const extendedSar = 255;
/** Faster clocks are mistakes of the encoder. */
const maxFrameRate = 1000;

function bounded(value: number, max: number, field: string, bits: BitReader): number {
  if (value > max) throw new ParseError(field, `is ${value}, at most ${max} allowed`, bits.offset >>> 3);
  return value;
}

/** ITU-T H.265 §7.3.4. */
function skipScalingLists(bits: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId++) {
    for (let matrixId = 0; matrixId < 6; matrixId += sizeId === 3 ? 3 : 1) {
      if (!bits.flag("scaling_list_pred_mode_flag")) {
        bits.ue("scaling_list_pred_matrix_id_delta");
        continue;
      }
      if (sizeId > 1) bits.se("scaling_list_dc_coef_minus8");
      const count = Math.min(64, 1 << (4 + 2 * sizeId));
      for (let i = 0; i < count; i++) bits.se("scaling_list_delta_coef");
    }
  }
}

/** ITU-T H.265 §7.3.7; returns NumDeltaPocs of the set, which the next one may refer to. */
function skipShortTermSet(bits: BitReader, index: number, previousCount: number): number {
  if (index > 0 && bits.flag("inter_ref_pic_set_prediction_flag")) {
    bits.skip(1, "delta_rps_sign");
    bits.ue("abs_delta_rps_minus1");
    let count = 0;
    for (let i = 0; i <= previousCount; i++) {
      const used = bits.flag("used_by_curr_pic_flag");
      if (used || bits.flag("use_delta_flag")) count++;
    }
    return bounded(count, maxPicsInSet, "NumDeltaPocs", bits);
  }
  const count = bits.ue("num_negative_pics") + bits.ue("num_positive_pics");
  bounded(count, maxPicsInSet, "NumDeltaPocs", bits);
  for (let i = 0; i < count; i++) {
    bits.ue("delta_poc_minus1");
    bits.skip(1, "used_by_curr_pic_flag");
  }
  return count;
}

function parseVuiFrameRate(bits: BitReader): number | null {
  if (bits.flag("aspect_ratio_info_present_flag")) {
    if (bits.bits(8, "aspect_ratio_idc") === extendedSar) bits.skip(32, "sar_width and sar_height");
  }
  if (bits.flag("overscan_info_present_flag")) bits.skip(1, "overscan_appropriate_flag");
  if (bits.flag("video_signal_type_present_flag")) {
    bits.skip(4, "video_format and video_full_range_flag");
    if (bits.flag("colour_description_present_flag")) bits.skip(24, "colour description");
  }
  if (bits.flag("chroma_loc_info_present_flag")) {
    bits.ue("chroma_sample_loc_type_top_field");
    bits.ue("chroma_sample_loc_type_bottom_field");
  }
  bits.skip(3, "neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag");
  if (bits.flag("default_display_window_flag")) {
    for (let i = 0; i < 4; i++) bits.ue("default display window");
  }
  if (!bits.flag("vui_timing_info_present_flag")) return null;
  const unitsInTick = bits.bits(32, "vui_num_units_in_tick");
  const timeScale = bits.bits(32, "vui_time_scale");
  if (unitsInTick === 0 || timeScale === 0) return null;
  const rate = timeScale / unitsInTick;
  return rate <= maxFrameRate ? rate : null;
}

/** ITU-T H.265 §7.3.2.2 from log2_min_luma_coding_block_size_minus3 on. Frames per second, or null. */
export function parseSpsTail(bits: BitReader, log2MaxPocLsb: number): number | null {
  for (let i = 0; i < 6; i++) bits.ue("block sizes and transform depths");
  if (bits.flag("scaling_list_enabled_flag") && bits.flag("sps_scaling_list_data_present_flag")) {
    skipScalingLists(bits);
  }
  bits.skip(2, "amp_enabled_flag, sample_adaptive_offset_enabled_flag");
  if (bits.flag("pcm_enabled_flag")) {
    bits.skip(8, "PCM bit depths");
    bits.ue("log2_min_pcm_luma_coding_block_size_minus3");
    bits.ue("log2_diff_max_min_pcm_luma_coding_block_size");
    bits.skip(1, "pcm_loop_filter_disabled_flag");
  }
  const sets = bounded(
    bits.ue("num_short_term_ref_pic_sets"),
    maxShortTermSets,
    "num_short_term_ref_pic_sets",
    bits,
  );
  let count = 0;
  for (let i = 0; i < sets; i++) count = skipShortTermSet(bits, i, count);
  if (bits.flag("long_term_ref_pics_present_flag")) {
    const pics = bounded(
      bits.ue("num_long_term_ref_pics_sps"),
      maxLongTermPics,
      "num_long_term_ref_pics_sps",
      bits,
    );
    bits.skip(pics * (log2MaxPocLsb + 1), "long-term reference pictures");
  }
  bits.skip(2, "sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag");
  return bits.flag("vui_parameters_present_flag") ? parseVuiFrameRate(bits) : null;
}
