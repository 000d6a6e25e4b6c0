/** The names of codecs in MIME types and playlists: the `codecs` parameter of RFC 6381, made from real parameters. */
import type { AudioSpecificConfig } from "./codec.ts";
import { parseAv1SequenceHeader } from "./av1/sequence_header.ts";
import { parseH264Sps } from "./h264/sps.ts";
import { parseH265Sps } from "./h265/sps.ts";
import type { VpConfigurationRecord } from "./vp9/configuration_record.ts";

export const opusCodecString = "opus";
/** As registered with the MP4 registration authority; `flac` in lower case is WebM's. */
export const flacCodecString = "fLaC";
export const ac3CodecString = "ac-3";

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** `avc1.PPCCLL` (RFC 6381 §3.3): profile, constraints, level in hexadecimal. Throws ParseError. */
export function avcCodecString(sps: Uint8Array): string {
  const { profileIdc, constraints, levelIdc } = parseH264Sps(sps);
  return `avc1.${hexByte(profileIdc)}${hexByte(constraints)}${hexByte(levelIdc)}`;
}

/**
 * `hvc1.1.6.L93.B0` (ISO/IEC 14496-15 annex E.3): profile space and profile, compatibility flags in reverse bit order,
 * tier and level, constraint bytes without the zeros at their end. Throws ParseError.
 */
export function hevcCodecString(sps: Uint8Array): string {
  const { profileSpace, profileIdc, compatibility, highTier, levelIdc, constraints } =
    parseH265Sps(sps).profile;
  const space = ["", "A", "B", "C"][profileSpace];
  let reversed = 0;
  for (let i = 0; i < 32; i++) reversed = reversed * 2 + (Math.floor(compatibility / 2 ** i) % 2);
  const parts = [`${space}${profileIdc}`, hex(reversed), `${highTier ? "H" : "L"}${levelIdc}`];
  for (let rest = constraints, byte = 5; rest > 0; byte--) {
    const unit = 2 ** (8 * byte);
    parts.push(hex(Math.floor(rest / unit)));
    rest %= unit;
  }
  return `hvc1.${parts.join(".")}`;
}

/** `av01.P.LLT.DD` (AV1 in ISO base media file format §5): profile, level and tier, bit depth. Throws ParseError. */
export function av1CodecString(sequenceHeader: Uint8Array): string {
  const { profile, levelIdx, tier, color } = parseAv1SequenceHeader(sequenceHeader);
  return `av01.${profile}.${twoDigits(levelIdx)}${tier === 0 ? "M" : "H"}.${twoDigits(color.bitDepth)}`;
}

/** `vp09.PP.LL.DD` (VP Codec ISO Media File Format Binding §4). */
export function vp9CodecString(record: VpConfigurationRecord): string {
  return `vp09.${twoDigits(record.profile)}.${twoDigits(record.level)}.${twoDigits(record.bitDepth)}`;
}

/** `mp4a.40.N` with the audio object type (RFC 6381 §3.3), that of the extension where SBR or PS is signalled. */
export function mpeg4AudioCodecString(config: AudioSpecificConfig): string {
  return `mp4a.40.${config.extensionType ?? config.objectType}`;
}
