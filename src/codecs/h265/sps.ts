/** Sequence parameter set, up to the fields that are needed; what follows them is not looked at. */
import { BitReader } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";
import { removeEmulation } from "../nal/emulation.ts";
import { maxParameterSetSize, NalType, nalType } from "./nal.ts";
import { parseProfileTierLevel, type ProfileTierLevel } from "./profile_tier_level.ts";
import { parseSpsTail } from "./sps_tail.ts";

/** ITU-T H.265 §7.3.2.2. */
export interface H265Sps {
  readonly vpsId: number;
  /** 1…7 */
  readonly maxSubLayers: number;
  readonly temporalIdNesting: boolean;
  readonly profile: ProfileTierLevel;
  readonly id: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4 */
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Pixels inside the conformance window. */
  readonly width: number;
  readonly height: number;
  /** sps_max_num_reorder_pics of the highest sub-layer. */
  readonly maxNumReorderPics: number;
  /** Frames per second; null without timing information in the VUI. */
  readonly frameRate: number | null;
}

const maxSpsId = 15;
/** Level 6.2 of §A.4.1, as an edge: the square root of 8 times 142,606,336 samples, rounded up. */
const maxEdge = 33_776;
const maxBitDepth = 16;

function bounded(value: number, max: number, field: string, bits: BitReader): number {
  if (value > max) throw new ParseError(field, `is ${value}, at most ${max} allowed`, bits.offset >>> 3);
  return value;
}

function parseSize(bits: BitReader, chromaArrayType: number): { width: number; height: number } {
  let width = bounded(bits.ue("pic_width_in_luma_samples"), maxEdge, "pic_width_in_luma_samples", bits);
  let height = bounded(bits.ue("pic_height_in_luma_samples"), maxEdge, "pic_height_in_luma_samples", bits);
  if (bits.flag("conformance_window_flag")) {
    const unitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
    const unitY = chromaArrayType === 1 ? 2 : 1;
    width -= (bits.ue("conf_win_left_offset") + bits.ue("conf_win_right_offset")) * unitX;
    height -= (bits.ue("conf_win_top_offset") + bits.ue("conf_win_bottom_offset")) * unitY;
  }
  if (width <= 0 || height <= 0) {
    throw new ParseError("conformance window", "leaves no picture", bits.offset >>> 3);
  }
  return { width, height };
}

function parseReorder(bits: BitReader, maxSubLayers: number): number {
  const all = bits.flag("sps_sub_layer_ordering_info_present_flag");
  let reorder = 0;
  // Without the flag only the values of the highest sub-layer are sent.
  for (let i = all ? 0 : maxSubLayers - 1; i < maxSubLayers; i++) {
    bits.ue("sps_max_dec_pic_buffering_minus1");
    reorder = bits.ue("sps_max_num_reorder_pics");
    bits.ue("sps_max_latency_increase_plus1");
  }
  return reorder;
}

/** The whole NAL unit, with its header and emulation prevention; throws ParseError. */
export function parseH265Sps(unit: Uint8Array): H265Sps {
  if (unit.length < 4) throw new ParseError("SPS", `needs 4 bytes, got ${unit.length}`, 0);
  if (unit.length > maxParameterSetSize) {
    throw new ParseError("SPS", `has ${unit.length} bytes, at most ${maxParameterSetSize} allowed`, 0);
  }
  if (nalType(unit) !== NalType.sps) throw new ParseError("nal_unit_type", `is ${nalType(unit)}`, 0);
  const bits = new BitReader(removeEmulation(unit));
  bits.skip(16, "NAL unit header");
  const vpsId = bits.bits(4, "sps_video_parameter_set_id");
  const maxSubLayers = bounded(bits.bits(3, "sps_max_sub_layers_minus1") + 1, 7, "sps_max_sub_layers", bits);
  const temporalIdNesting = bits.flag("sps_temporal_id_nesting_flag");
  const profile = parseProfileTierLevel(bits, maxSubLayers);
  const id = bounded(bits.ue("sps_seq_parameter_set_id"), maxSpsId, "sps_seq_parameter_set_id", bits);
  const chromaFormat = bounded(bits.ue("chroma_format_idc"), 3, "chroma_format_idc", bits);
  const separate = chromaFormat === 3 && bits.flag("separate_colour_plane_flag");
  const size = parseSize(bits, separate ? 0 : chromaFormat);
  const bitDepthLuma = bounded(8 + bits.ue("bit_depth_luma_minus8"), maxBitDepth, "bit depth", bits);
  const bitDepthChroma = bounded(8 + bits.ue("bit_depth_chroma_minus8"), maxBitDepth, "bit depth", bits);
  const log2MaxPocLsb = bounded(
    4 + bits.ue("log2_max_pic_order_cnt_lsb_minus4"),
    16,
    "log2_max_pic_order_cnt_lsb",
    bits,
  );
  const maxNumReorderPics = parseReorder(bits, maxSubLayers);
  return {
    vpsId,
    maxSubLayers,
    temporalIdNesting,
    profile,
    id,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    ...size,
    maxNumReorderPics,
    frameRate: parseSpsTail(bits, log2MaxPocLsb),
  };
}
