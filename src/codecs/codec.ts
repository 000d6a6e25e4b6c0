/**
 * The codecs that a track can carry, with the parameters a reader needs before the first unit.
 *
 * What a unit's payload is, for each codec (`Uint8Array[]` in every case):
 *
 * | codec | payload |
 * |---|---|
 * | H264, H265 | the NAL units of one access unit, without start codes; no access unit delimiters |
 * | AV1 | the OBUs of one temporal unit, without size fields; no temporal delimiters |
 * | VP8, VP9, M-JPEG, MPEG-4 Video, MPEG-1/2 Video | exactly one: the coded frame |
 * | MPEG-4 Audio, MPEG-4 Audio LATM, Opus, AC3, MPEG-1/2 Audio | one or more consecutive frames (raw access units, AudioMuxElements, packets, syncframes, frames) |
 * | G711, G722, LPCM | exactly one: interleaved samples, big-endian where a sample has several bytes |
 * | KLV | exactly one: one or more complete KLV items |
 * | Generic, MPEG-TS | the RTP payloads as they came |
 */

export interface H264Codec {
  readonly name: "H264";
  /** Sequence and picture parameter set NAL units, when known. */
  readonly sps?: Uint8Array;
  readonly pps?: Uint8Array;
  /** RFC 6184 §6.2: 0 single NAL unit, 1 non-interleaved. */
  readonly packetizationMode: number;
}

export interface H265Codec {
  readonly name: "H265";
  readonly vps?: Uint8Array;
  readonly sps?: Uint8Array;
  readonly pps?: Uint8Array;
  /** RFC 7798 §7.1 sprop-max-don-diff: above 0 each NAL unit carries a decoding order number. */
  readonly maxDonDiff?: number;
}

export interface Av1Codec {
  readonly name: "AV1";
  readonly profile?: number;
  readonly levelIdx?: number;
  readonly tier?: number;
  /** Sequence header OBU without size field, when seen in the stream. */
  readonly sequenceHeader?: Uint8Array;
}

export interface Vp9Codec {
  readonly name: "VP9";
  readonly maxFrameRate?: number;
  readonly maxFrameSize?: number;
  readonly profileId?: number;
}

export interface Vp8Codec {
  readonly name: "VP8";
  readonly maxFrameRate?: number;
  readonly maxFrameSize?: number;
}

export interface Mpeg4VideoCodec {
  readonly name: "MPEG-4 Video";
  readonly profileLevelId?: number;
  /** Visual object sequence, visual object and video object layer headers. */
  readonly config?: Uint8Array;
}

export interface Mpeg1VideoCodec {
  readonly name: "MPEG-1/2 Video";
}

export interface MjpegCodec {
  readonly name: "M-JPEG";
}

export interface OpusCodec {
  readonly name: "Opus";
  /** Above 2: `multiopus` with the mapping of libopus for that number of channels. */
  readonly channelCount: number;
}

export interface Mpeg4AudioCodec {
  readonly name: "MPEG-4 Audio";
  readonly config: AudioSpecificConfig;
  /** RFC 3640 §4.1; 13, 3, 3 in AAC-hbr, 6, 2, 2 in AAC-lbr. */
  readonly sizeLength: number;
  readonly indexLength: number;
  readonly indexDeltaLength: number;
  readonly profileLevelId: number;
}

export interface LatmCodec {
  readonly name: "MPEG-4 Audio LATM";
  readonly profileLevelId: number;
  readonly bitrate?: number;
  /** `cpresent=1`: the StreamMuxConfig travels in the stream. */
  readonly configInBand: boolean;
  /** StreamMuxConfig (ISO/IEC 14496-3 §1.7.3.2) as bytes, when out of band. */
  readonly streamMuxConfig?: Uint8Array;
  /** The AudioSpecificConfig of its first layer, when known. */
  readonly config?: AudioSpecificConfig;
}

export interface Mpeg1AudioCodec {
  readonly name: "MPEG-1/2 Audio";
}

export interface Ac3Codec {
  readonly name: "AC3";
  readonly sampleRate: number;
  readonly channelCount: number;
}

export interface G711Codec {
  readonly name: "G711";
  readonly muLaw: boolean;
  readonly sampleRate: number;
  readonly channelCount: number;
}

export interface G722Codec {
  readonly name: "G722";
}

export interface LpcmCodec {
  readonly name: "LPCM";
  readonly bitDepth: 8 | 16 | 24;
  readonly sampleRate: number;
  readonly channelCount: number;
}

export interface KlvCodec {
  readonly name: "KLV";
}

/** RTP payloads that are carried and not looked into; the name is the label that API and log show. */
export interface GenericCodec {
  readonly name: "Generic" | "MPEG-TS" | "FLAC" | "Vorbis" | "Speex" | "G726";
  /** The rtpmap encoding with clock rate and parameters, e.g. `VORBIS/44100/2`; empty for a static payload type. */
  readonly rtpmap: string;
  /** The fmtp parameters as they came, e.g. `configuration=…`; empty when there were none. */
  readonly fmtp: string;
}

export type Codec =
  | H264Codec
  | H265Codec
  | Av1Codec
  | Vp9Codec
  | Vp8Codec
  | Mpeg4VideoCodec
  | Mpeg1VideoCodec
  | MjpegCodec
  | OpusCodec
  | Mpeg4AudioCodec
  | LatmCodec
  | Mpeg1AudioCodec
  | Ac3Codec
  | G711Codec
  | G722Codec
  | LpcmCodec
  | KlvCodec
  | GenericCodec;

export type CodecName = Codec["name"];

export type MediaKind = "video" | "audio" | "application";

/** ISO/IEC 14496-3 §1.6.2.1. Its parser and writer are in `mpeg4audio/`. */
export interface AudioSpecificConfig {
  /** 2 = AAC-LC; of the core codec when SBR or PS is signalled explicitly. */
  readonly objectType: number;
  readonly sampleRate: number;
  /** Channels as the channel configuration says (7 means 8 channels). */
  readonly channelCount: number;
  /** 5 (SBR) or 29 (PS) when signalled explicitly. */
  readonly extensionType?: number;
  readonly extensionSampleRate?: number;
  readonly frameLengthFlag: boolean;
  readonly dependsOnCoreCoder: boolean;
  readonly coreCoderDelay: number;
  /** The bytes as received, when they hold more than these fields say (a program config element, ELD, extensions). */
  readonly raw?: Uint8Array;
}

const videoNames: ReadonlySet<CodecName> = new Set<CodecName>([
  "H264",
  "H265",
  "AV1",
  "VP9",
  "VP8",
  "MPEG-4 Video",
  "MPEG-1/2 Video",
  "M-JPEG",
]);

export function isVideo(codec: Codec): boolean {
  return videoNames.has(codec.name);
}
