/** Video usability information inside the SPS. */
import type { BitReader } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";

/** ITU-T H.264 §E.1.1; fields that nobody needs are skipped. */
export interface H264Vui {
  /** Frames per second; null without (sane) timing information. */
  readonly frameRate: number | null;
  /** max_num_reorder_frames; null without bitstream_restriction. */
  readonly maxNumReorderFrames: number | null;
}

const extendedSar = 255;
const maxCpbCount = 32;
/** Faster clocks are mistakes of the encoder. */
const maxFrameRate = 1000;

function skipHrd(bits: BitReader): void {
  const count = bits.ue("cpb_cnt_minus1") + 1;
  if (count > maxCpbCount) {
    throw new ParseError("cpb_cnt", `is ${count}, at most ${maxCpbCount} allowed`, bits.offset >>> 3);
  }
  bits.skip(8, "bit_rate_scale and cpb_size_scale");
  for (let i = 0; i < count; i++) {
    bits.ue("bit_rate_value_minus1");
    bits.ue("cpb_size_value_minus1");
    bits.skip(1, "cbr_flag");
  }
  bits.skip(20, "HRD lengths");
}

function parseTiming(bits: BitReader): number | null {
  const unitsInTick = bits.bits(32, "num_units_in_tick");
  const timeScale = bits.bits(32, "time_scale");
  bits.skip(1, "fixed_frame_rate_flag");
  if (unitsInTick === 0 || timeScale === 0) return null;
  // One tick is one field.
  const rate = timeScale / (2 * unitsInTick);
  return rate <= maxFrameRate ? rate : null;
}

function skipSignalType(bits: BitReader): void {
  bits.skip(4, "video_format and video_full_range_flag");
  if (bits.flag("colour_description_present_flag")) bits.skip(24, "colour description");
}

/** `bits` stands behind vui_parameters_present_flag; throws ParseError. */
export function parseVui(bits: BitReader): H264Vui {
  if (bits.flag("aspect_ratio_info_present_flag")) {
    if (bits.bits(8, "aspect_ratio_idc") === extendedSar) bits.skip(32, "sar_width and sar_height");
  }
  if (bits.flag("overscan_info_present_flag")) bits.skip(1, "overscan_appropriate_flag");
  if (bits.flag("video_signal_type_present_flag")) skipSignalType(bits);
  if (bits.flag("chroma_loc_info_present_flag")) {
    bits.ue("chroma_sample_loc_type_top_field");
    bits.ue("chroma_sample_loc_type_bottom_field");
  }
  const frameRate = bits.flag("timing_info_present_flag") ? parseTiming(bits) : null;
  const nal = bits.flag("nal_hrd_parameters_present_flag");
  if (nal) skipHrd(bits);
  const vcl = bits.flag("vcl_hrd_parameters_present_flag");
  if (vcl) skipHrd(bits);
  if (nal || vcl) bits.skip(1, "low_delay_hrd_flag");
  bits.skip(1, "pic_struct_present_flag");
  let maxNumReorderFrames: number | null = null;
  if (bits.flag("bitstream_restriction_flag")) {
    bits.skip(1, "motion_vectors_over_pic_boundaries_flag");
    bits.ue("max_bytes_per_pic_denom");
    bits.ue("max_bits_per_mb_denom");
    bits.ue("log2_max_mv_length_horizontal");
    bits.ue("log2_max_mv_length_vertical");
    maxNumReorderFrames = bits.ue("max_num_reorder_frames");
    bits.ue("max_dec_frame_buffering");
  }
  return { frameRate, maxNumReorderFrames };
}
