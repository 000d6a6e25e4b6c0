import type { BitReader } from "../../base/bits.ts";

/** ITU-T H.265 §7.3.3, the general part. */
export interface ProfileTierLevel {
  readonly profileSpace: number;
  readonly highTier: boolean;
  readonly profileIdc: number;
  /** general_profile_compatibility_flag[0] is the highest of 32 bits. */
  readonly compatibility: number;
  /** The 48 bits from general_progressive_source_flag on. */
  readonly constraints: number;
  /** 30 times the level: 93 is 3.1. */
  readonly levelIdc: number;
}

const generalBits = 88;
const levelBits = 8;

/** `maxSubLayers`: 1…7; sub-layers are skipped. Throws ParseError. */
export function parseProfileTierLevel(bits: BitReader, maxSubLayers: number): ProfileTierLevel {
  const profileSpace = bits.bits(2, "general_profile_space");
  const highTier = bits.flag("general_tier_flag");
  const profileIdc = bits.bits(5, "general_profile_idc");
  const compatibility = bits.bits(32, "general_profile_compatibility_flags");
  const constraints = bits.bits(48, "general constraint flags");
  const levelIdc = bits.bits(8, "general_level_idc");
  if (maxSubLayers > 1) {
    const present: { profile: boolean; level: boolean }[] = [];
    for (let i = 1; i < maxSubLayers; i++) {
      present.push({
        profile: bits.flag("sub_layer_profile_present_flag"),
        level: bits.flag("sub_layer_level_present_flag"),
      });
    }
    bits.skip(2 * (9 - maxSubLayers), "reserved_zero_2bits");
    for (const { profile, level } of present) {
      if (profile) bits.skip(generalBits, "sub-layer profile");
      if (level) bits.skip(levelBits, "sub_layer_level_idc");
    }
  }
  return { profileSpace, highTier, profileIdc, compatibility, constraints, levelIdc };
}
