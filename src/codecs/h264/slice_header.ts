/** The start of a slice header, as far as the picture order count needs it. */
import { BitReader } from "../../base/bits.ts";
import { removeEmulation } from "../nal/emulation.ts";
import { NalType, nalType } from "./nal.ts";
import type { H264Sps } from "./sps.ts";

/** ITU-T H.264 §7.3.3. */
export interface H264SliceStart {
  readonly firstMb: number;
  /** 0…9: P, B, I, SP, SI, and the same again where all slices of the picture have that type. */
  readonly sliceType: number;
  /** 0 unless the SPS has picture order count type 0. */
  readonly pocLsb: number;
}

/** Bytes that hold every field up to the picture order count, with emulation prevention. */
const sliceStartSize = 64;

/** A NAL unit of type 1 or 5 with the SPS it refers to; throws ParseError. */
export function parseH264SliceStart(unit: Uint8Array, sps: H264Sps): H264SliceStart {
  const bits = new BitReader(removeEmulation(unit, sliceStartSize));
  bits.skip(8, "NAL unit header");
  const firstMb = bits.ue("first_mb_in_slice");
  const sliceType = bits.ue("slice_type");
  bits.ue("pic_parameter_set_id");
  if (sps.separateColourPlanes) bits.skip(2, "colour_plane_id");
  bits.skip(sps.log2MaxFrameNum, "frame_num");
  if (!sps.frameMbsOnly && bits.flag("field_pic_flag")) bits.skip(1, "bottom_field_flag");
  if (nalType(unit) === NalType.idr) bits.ue("idr_pic_id");
  const pocLsb = sps.pocType === 0 ? bits.bits(sps.log2MaxPocLsb, "pic_order_cnt_lsb") : 0;
  return { firstMb, sliceType, pocLsb };
}
