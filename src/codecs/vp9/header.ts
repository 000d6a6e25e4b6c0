/** The start of the uncompressed header of a VP9 frame. */
import { BitReader } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";

/** VP9 bitstream specification §6.2. */
export interface Vp9Header {
  readonly profile: number;
  readonly showExistingFrame: boolean;
  readonly keyFrame: boolean;
  /** Only key frames have the rest. */
  readonly key: Vp9KeyHeader | null;
}

export interface Vp9KeyHeader {
  readonly bitDepth: 8 | 10 | 12;
  /** 7 is RGB */
  readonly colorSpace: number;
  readonly fullRange: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  readonly width: number;
  readonly height: number;
}

const frameMarker = 2;
const syncCode = 0x498342;
const rgb = 7;

/** One look at the first byte(s); never throws. */
export function isVp9KeyFrame(frame: Uint8Array): boolean {
  if (frame.length === 0 || frame[0] >> 6 !== frameMarker) return false;
  // Profile 3 has one reserved bit before show_existing_frame and frame_type.
  const shift = (frame[0] & 0x30) === 0x30 ? 1 : 0;
  return ((frame[0] << shift) & 0x0c) === 0;
}

function parseKeyHeader(bits: BitReader, profile: number): Vp9KeyHeader {
  const code = bits.bits(24, "frame_sync_code");
  if (code !== syncCode) {
    throw new ParseError("frame_sync_code", `is ${code.toString(16)}, expected 498342`, bits.offset >>> 3);
  }
  const bitDepth = profile < 2 ? 8 : bits.flag("ten_or_twelve_bit") ? 12 : 10;
  const colorSpace = bits.bits(3, "color_space");
  const odd = profile % 2 === 1;
  let fullRange = true;
  let subsamplingX = !odd;
  let subsamplingY = !odd;
  if (colorSpace !== rgb) {
    fullRange = bits.flag("color_range");
    if (odd) {
      subsamplingX = bits.flag("subsampling_x");
      subsamplingY = bits.flag("subsampling_y");
      bits.skip(1, "reserved_zero");
    }
  } else if (odd) {
    bits.skip(1, "reserved_zero");
  }
  return {
    bitDepth,
    colorSpace,
    fullRange,
    subsamplingX,
    subsamplingY,
    width: bits.bits(16, "frame_width_minus_1") + 1,
    height: bits.bits(16, "frame_height_minus_1") + 1,
  };
}

/** Throws ParseError. */
export function parseVp9Header(frame: Uint8Array): Vp9Header {
  const bits = new BitReader(frame);
  const marker = bits.bits(2, "frame_marker");
  if (marker !== frameMarker) throw new ParseError("frame_marker", `is ${marker}, expected 2`, 0);
  const low = bits.bits(1, "profile_low_bit");
  const profile = low + 2 * bits.bits(1, "profile_high_bit");
  if (profile === 3) bits.skip(1, "reserved_zero");
  if (bits.flag("show_existing_frame")) {
    return { profile, showExistingFrame: true, keyFrame: false, key: null };
  }
  const keyFrame = !bits.flag("frame_type");
  bits.skip(2, "show_frame and error_resilient_mode");
  return {
    profile,
    showExistingFrame: false,
    keyFrame,
    key: keyFrame ? parseKeyHeader(bits, profile) : null,
  };
}
