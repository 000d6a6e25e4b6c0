import type { Codec } from "./codec.ts";

/** What the API shows as `codecProps` of an audio track; null for codecs without any. */
export function audioCodecProps(codec: Codec): Readonly<Record<string, number | boolean>> | null {
  switch (codec.name) {
    case "Opus":
      return { channelCount: codec.channelCount };
    case "MPEG-4 Audio":
      return { sampleRate: codec.config.sampleRate, channelCount: codec.config.channelCount };
    case "AC3":
      return { sampleRate: codec.sampleRate, channelCount: codec.channelCount };
    case "G711":
      return { muLaw: codec.muLaw, sampleRate: codec.sampleRate, channelCount: codec.channelCount };
    case "LPCM":
      return { bitDepth: codec.bitDepth, sampleRate: codec.sampleRate, channelCount: codec.channelCount };
    default:
      return null;
  }
}
