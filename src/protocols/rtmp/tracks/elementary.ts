/** Messages of FLV and Enhanced RTMP as what they mean for one track: parameters, or coded media. */
import { parseAudioTag } from "../../../containers/flv/audio_tag.ts";
import { fourCcs } from "../../../containers/flv/four_cc.ts";
import { type LegacyAudioTag, SoundFormat, soundRates } from "../../../containers/flv/legacy_audio.ts";
import { VideoCodecId, VideoFrameType } from "../../../containers/flv/legacy_video.ts";
import { parseVideoTag } from "../../../containers/flv/video_tag.ts";

/** What names a codec on the wire, whichever form the message has: a FourCC, or one of those FLV alone has. */
export type WireCodec =
  | { readonly name: string }
  | { readonly name: "G711"; readonly muLaw: boolean; readonly channelCount: 1 | 2 }
  | {
    readonly name: "LPCM";
    readonly bitDepth: 8 | 16;
    readonly sampleRate: number;
    readonly channelCount: 1 | 2;
  };

export interface Elementary {
  readonly media: "video" | "audio";
  /** 0 unless the message says otherwise. */
  readonly trackId: number;
  readonly codec: WireCodec;
  /** `config`: a sequence header. `frames`: coded media. `end`: of a sequence; carries nothing. */
  readonly part: "config" | "frames" | "end";
  readonly data: Uint8Array;
  /** Video: decoding can start here, the publisher says. */
  readonly key: boolean;
  /** Presentation time minus decoding time in ms. */
  readonly compositionTime: number;
}

/** What a video message carries; empty for commands, metadata and messages without a body. Throws ParseError. */
export function videoElements(body: Uint8Array): Elementary[] {
  if (body.length === 0) return [];
  const tag = parseVideoTag(body);
  if (tag.form === "command") return [];
  const key = tag.frameType === VideoFrameType.key || tag.frameType === VideoFrameType.generatedKey;
  const common = { media: "video", key } as const;
  if (tag.form === "legacy") {
    const { packet, data, compositionTime } = tag;
    const part = packet === "sequenceStart" ? "config" : packet === "codedFrames" ? "frames" : "end";
    return [{
      ...common,
      trackId: 0,
      codec: { name: legacyVideoName(tag.codecId) },
      part,
      data,
      compositionTime,
    }];
  }
  const { packet } = tag;
  if (packet === "metadata" || packet === "mpeg2TsSequenceStart") return [];
  const part = packet === "sequenceStart" ? "config" : packet === "sequenceEnd" ? "end" : "frames";
  return tag.tracks.map(({ trackId, fourCc, data, compositionTime }) => ({
    ...common,
    trackId,
    codec: { name: fourCc },
    part,
    data,
    compositionTime,
  }));
}

function legacyVideoName(codecId: number): string {
  if (codecId === VideoCodecId.h264) return fourCcs.avc;
  if (codecId === VideoCodecId.h265) return fourCcs.hevc;
  return `FLV video codec ${codecId}`;
}

/** What an audio message carries; empty for channel configurations and messages without a body. Throws ParseError. */
export function audioElements(body: Uint8Array): Elementary[] {
  if (body.length === 0) return [];
  const tag = parseAudioTag(body);
  const common = { media: "audio", key: true, compositionTime: 0 } as const;
  if (tag.form === "legacy") {
    const part = tag.packet === "sequenceStart" ? "config" : "frames";
    return [{ ...common, trackId: 0, codec: legacyAudioCodec(tag), part, data: tag.data }];
  }
  const { packet } = tag;
  if (packet === "multichannelConfig") return [];
  const part = packet === "sequenceStart" ? "config" : packet === "sequenceEnd" ? "end" : "frames";
  return tag.tracks.map(({ trackId, fourCc, data }) => ({
    ...common,
    trackId,
    codec: { name: fourCc },
    part,
    data,
  }));
}

function legacyAudioCodec(tag: LegacyAudioTag): WireCodec {
  const { channelCount } = tag;
  switch (tag.soundFormat) {
    case SoundFormat.aac:
      return { name: fourCcs.aac };
    case SoundFormat.mp3:
    case SoundFormat.mp3At8kHz:
      return { name: fourCcs.mp3 };
    case SoundFormat.aLaw:
    case SoundFormat.muLaw:
      return { name: "G711", muLaw: tag.soundFormat === SoundFormat.muLaw, channelCount };
    // "Platform endian" is that of the machines of its time.
    case SoundFormat.lpcmHostEndian:
    case SoundFormat.lpcmLittleEndian:
      return { name: "LPCM", bitDepth: tag.sampleSize, sampleRate: soundRates[tag.rateIndex], channelCount };
    default:
      return { name: `FLV audio format ${tag.soundFormat}` };
  }
}
