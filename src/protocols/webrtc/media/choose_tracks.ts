/** Which tracks of a stream a WebRTC reader gets, and in which form. */
import type { Codec, CodecName } from "../../../codecs/codec.ts";
import type { Track } from "../../../stream/track.ts";

/** Best first. */
const videoOrder: readonly CodecName[] = ["AV1", "VP9", "VP8", "H265", "H264"];
const audioOrder: readonly CodecName[] = ["Opus", "G722", "G711", "LPCM"];
/** Sample rates that browsers take for linear audio. */
const linearRates: ReadonlySet<number> = new Set([8000, 16000, 32000, 48000]);
const telephoneRate = 8000;
const maxLinearChannels = 2;

/** At most one video and one audio track; KLV tracks go over a data channel. */
export interface ChosenTracks {
  readonly video: Track | null;
  readonly audio: Track | null;
  readonly data: Track | null;
  /** Whatever else the stream has. */
  readonly skipped: readonly Track[];
}

function linear(sampleRate: number, channelCount: number): Codec | null {
  if (!linearRates.has(sampleRate) || channelCount > maxLinearChannels) return null;
  return { name: "LPCM", bitDepth: 16, sampleRate, channelCount };
}

/**
 * The codec in which a track is sent: its own, but for linear audio, which is sent with 16 bits, and for G711 of other
 * rates than 8 kHz, which has no name in WebRTC and is sent as linear audio. Null when browsers have no codec for it.
 */
export function sentCodec(codec: Codec): Codec | null {
  switch (codec.name) {
    case "G711": {
      const { sampleRate, channelCount } = codec;
      if (sampleRate === telephoneRate && channelCount <= maxLinearChannels) return codec;
      return linear(sampleRate, channelCount);
    }
    case "LPCM":
      return linear(codec.sampleRate, codec.channelCount);
    default:
      return videoOrder.includes(codec.name) || audioOrder.includes(codec.name) ? codec : null;
  }
}

function first(tracks: readonly Track[], order: readonly CodecName[]): Track | null {
  for (const name of order) {
    const track = tracks.find(({ codec }) => codec.name === name && sentCodec(codec) !== null);
    if (track !== undefined) return track;
  }
  return null;
}

/** Video in the order AV1, VP9, VP8, H265, H264; audio in the order Opus, G722, G711, LPCM. */
export function chooseTracks(tracks: readonly Track[]): ChosenTracks {
  const video = first(tracks, videoOrder);
  const audio = first(tracks, audioOrder);
  const data = tracks.find(({ codec }) => codec.name === "KLV") ?? null;
  const chosen = new Set([video, audio, data]);
  return { video, audio, data, skipped: tracks.filter((track) => !chosen.has(track)) };
}
