/** Sequence parameter set. */
import { BitReader } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";
import { removeEmulation } from "../nal/emulation.ts";
import { maxParameterSetSize, NalType } from "./nal.ts";
import { type H264Vui, parseVui } from "./vui.ts";

/** ITU-T H.264 §7.3.2.1.1. */
export interface H264Sps {
  readonly profileIdc: number;
  /** constraint_set0_flag is the highest bit. */
  readonly constraints: number;
  readonly levelIdc: number;
  readonly id: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4 */
  readonly chromaFormat: number;
  readonly separateColourPlanes: boolean;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  readonly log2MaxFrameNum: number;
  readonly pocType: number;
  /** 0 unless `pocType` is 0. */
  readonly log2MaxPocLsb: number;
  readonly maxNumRefFrames: number;
  readonly frameMbsOnly: boolean;
  /** Pixels after cropping. */
  readonly width: number;
  readonly height: number;
  readonly vui: H264Vui | null;
}

const maxSpsId = 31;
const maxPocCycle = 255;
/** Level 6.2 ends at 139,264 macroblocks, and §A.3.1 at an edge of the square root of 8 times that: 16,880 pixels. */
const maxSizeInMbs = 1055;
const maxLog2 = 16;
const maxBitDepth = 14;

/** The profiles whose SPS has chroma format and bit depths. */
const highProfiles: ReadonlySet<number> = new Set([
  100,
  110,
  122,
  244,
  44,
  83,
  86,
  118,
  128,
  138,
  139,
  134,
  135,
]);

export function hasChromaInfo(profileIdc: number): boolean {
  return highProfiles.has(profileIdc);
}

function bounded(value: number, max: number, field: string, bits: BitReader): number {
  if (value > max) throw new ParseError(field, `is ${value}, at most ${max} allowed`, bits.offset >>> 3);
  return value;
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.se("delta_scale") + 256) % 256;
    if (next !== 0) last = next;
  }
}

interface ChromaInfo {
  chromaFormat: number;
  separateColourPlanes: boolean;
  bitDepthLuma: number;
  bitDepthChroma: number;
}

function parseChromaInfo(bits: BitReader): ChromaInfo {
  const chromaFormat = bounded(bits.ue("chroma_format_idc"), 3, "chroma_format_idc", bits);
  const separateColourPlanes = chromaFormat === 3 && bits.flag("separate_colour_plane_flag");
  const bitDepthLuma = bounded(8 + bits.ue("bit_depth_luma_minus8"), maxBitDepth, "bit depth", bits);
  const bitDepthChroma = bounded(8 + bits.ue("bit_depth_chroma_minus8"), maxBitDepth, "bit depth", bits);
  bits.skip(1, "qpprime_y_zero_transform_bypass_flag");
  if (bits.flag("seq_scaling_matrix_present_flag")) {
    const lists = chromaFormat === 3 ? 12 : 8;
    for (let i = 0; i < lists; i++) {
      if (bits.flag("seq_scaling_list_present_flag")) skipScalingList(bits, i < 6 ? 16 : 64);
    }
  }
  return { chromaFormat, separateColourPlanes, bitDepthLuma, bitDepthChroma };
}

function parsePoc(bits: BitReader): { pocType: number; log2MaxPocLsb: number } {
  const pocType = bounded(bits.ue("pic_order_cnt_type"), 2, "pic_order_cnt_type", bits);
  let log2MaxPocLsb = 0;
  if (pocType === 0) {
    log2MaxPocLsb = bounded(
      4 + bits.ue("log2_max_pic_order_cnt_lsb_minus4"),
      maxLog2,
      "log2_max_pic_order_cnt_lsb",
      bits,
    );
  } else if (pocType === 1) {
    bits.skip(1, "delta_pic_order_always_zero_flag");
    bits.se("offset_for_non_ref_pic");
    bits.se("offset_for_top_to_bottom_field");
    const count = bounded(
      bits.ue("num_ref_frames_in_pic_order_cnt_cycle"),
      maxPocCycle,
      "num_ref_frames_in_pic_order_cnt_cycle",
      bits,
    );
    for (let i = 0; i < count; i++) bits.se("offset_for_ref_frame");
  }
  return { pocType, log2MaxPocLsb };
}

interface Size {
  width: number;
  height: number;
  frameMbsOnly: boolean;
}

/** `chromaArrayType`: 0 also for separate colour planes. */
function parseSize(bits: BitReader, chromaArrayType: number): Size {
  const widthMbs = bounded(bits.ue("pic_width_in_mbs_minus1") + 1, maxSizeInMbs, "pic_width_in_mbs", bits);
  const heightUnits = bounded(
    bits.ue("pic_height_in_map_units_minus1") + 1,
    maxSizeInMbs,
    "pic_height_in_map_units",
    bits,
  );
  const frameMbsOnly = bits.flag("frame_mbs_only_flag");
  if (!frameMbsOnly) bits.skip(1, "mb_adaptive_frame_field_flag");
  bits.skip(1, "direct_8x8_inference_flag");
  let width = widthMbs * 16;
  const fields = frameMbsOnly ? 1 : 2;
  let height = heightUnits * 16 * fields;
  if (bits.flag("frame_cropping_flag")) {
    const unitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
    const unitY = (chromaArrayType === 1 ? 2 : 1) * fields;
    width -= (bits.ue("frame_crop_left_offset") + bits.ue("frame_crop_right_offset")) * unitX;
    height -= (bits.ue("frame_crop_top_offset") + bits.ue("frame_crop_bottom_offset")) * unitY;
    if (width <= 0 || height <= 0) {
      throw new ParseError("frame_cropping", "leaves no picture", bits.offset >>> 3);
    }
  }
  return { width, height, frameMbsOnly };
}

/** The whole NAL unit, with its header and emulation prevention; throws ParseError. */
export function parseH264Sps(unit: Uint8Array): H264Sps {
  if (unit.length < 4) throw new ParseError("SPS", `needs 4 bytes, got ${unit.length}`, 0);
  if (unit.length > maxParameterSetSize) {
    throw new ParseError("SPS", `has ${unit.length} bytes, at most ${maxParameterSetSize} allowed`, 0);
  }
  if ((unit[0] & 0x1f) !== NalType.sps) throw new ParseError("nal_unit_type", `is ${unit[0] & 0x1f}`, 0);
  const bits = new BitReader(removeEmulation(unit));
  bits.skip(8, "NAL unit header");
  const profileIdc = bits.bits(8, "profile_idc");
  const constraints = bits.bits(8, "constraint flags");
  const levelIdc = bits.bits(8, "level_idc");
  const id = bounded(bits.ue("seq_parameter_set_id"), maxSpsId, "seq_parameter_set_id", bits);
  const chroma = hasChromaInfo(profileIdc)
    ? parseChromaInfo(bits)
    : { chromaFormat: 1, separateColourPlanes: false, bitDepthLuma: 8, bitDepthChroma: 8 };
  const log2MaxFrameNum = bounded(
    4 + bits.ue("log2_max_frame_num_minus4"),
    maxLog2,
    "log2_max_frame_num",
    bits,
  );
  const poc = parsePoc(bits);
  const maxNumRefFrames = bits.ue("max_num_ref_frames");
  bits.skip(1, "gaps_in_frame_num_value_allowed_flag");
  const size = parseSize(bits, chroma.separateColourPlanes ? 0 : chroma.chromaFormat);
  const vui = bits.flag("vui_parameters_present_flag") ? parseVui(bits) : null;
  return {
    profileIdc,
    constraints,
    levelIdc,
    id,
    ...chroma,
    log2MaxFrameNum,
    ...poc,
    maxNumRefFrames,
    ...size,
    vui,
  };
}
