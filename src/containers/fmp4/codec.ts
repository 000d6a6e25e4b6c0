/** What an initialization segment says about the codec of a track. */
import type { Ac3Codec, AudioSpecificConfig } from "../../codecs/codec.ts";
import type { VpConfigurationRecord } from "../../codecs/vp9/configuration_record.ts";

export interface Fmp4H264 {
  readonly name: "H264";
  readonly width: number;
  readonly height: number;
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

export interface Fmp4H265 {
  readonly name: "H265";
  readonly width: number;
  readonly height: number;
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

export interface Fmp4Av1 {
  readonly name: "AV1";
  readonly width: number;
  readonly height: number;
  /** OBU, with or without size field. */
  readonly sequenceHeader: Uint8Array;
}

export interface Fmp4Vp9 {
  readonly name: "VP9";
  readonly width: number;
  readonly height: number;
  readonly record: VpConfigurationRecord;
}

export interface Fmp4Mpeg4Video {
  readonly name: "MPEG-4 Video";
  readonly width: number;
  readonly height: number;
  /** Visual object sequence, visual object and video object layer headers. */
  readonly config: Uint8Array;
}

export interface Fmp4Mpeg4Audio {
  readonly name: "MPEG-4 Audio";
  readonly config: AudioSpecificConfig;
}

export interface Fmp4Opus {
  readonly name: "Opus";
  /** 1…8 */
  readonly channelCount: number;
}

export interface Fmp4Flac {
  readonly name: "FLAC";
  /** The 34 bytes of RFC 9639 §8.2. */
  readonly streamInfo: Uint8Array;
}

export interface Fmp4Ac3 extends Ac3Codec {
  /** ETSI TS 102 366 §F.4: fscod, bsid, bsmod, acmod, lfeon, bit_rate_code, as in a syncframe. */
  readonly fscod: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  readonly bitRateCode: number;
}

/** Codecs with a picture. */
export type Fmp4VideoCodec = Fmp4H264 | Fmp4H265 | Fmp4Av1 | Fmp4Vp9 | Fmp4Mpeg4Video;
export type Fmp4AudioCodec = Fmp4Mpeg4Audio | Fmp4Opus | Fmp4Flac | Fmp4Ac3;
/** Every codec that a track may have. */
export type Fmp4Codec = Fmp4VideoCodec | Fmp4AudioCodec;

/** True for codecs with a picture. */
export function isFmp4Video(codec: Fmp4Codec): codec is Fmp4VideoCodec {
  return "width" in codec;
}
