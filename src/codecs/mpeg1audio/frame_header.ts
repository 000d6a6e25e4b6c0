/** MPEG-1, MPEG-2 and MPEG-2.5 audio frame headers, layers I to III (ISO/IEC 11172-3 §2.4.1.3, 13818-3 §2.4.1.3). */
import { ParseError } from "../../base/errors.ts";

export const mpeg1AudioHeaderSize = 4;
/** Layer II at 160 kbit/s and 8 kHz (MPEG-2.5) is the largest: 144 × 160000 / 8000 + 1. */
export const maxMpeg1AudioFrameSize = 2881;

export interface Mpeg1AudioHeader {
  readonly version: "1" | "2" | "2.5";
  readonly layer: 1 | 2 | 3;
  /** bit/s */
  readonly bitrate: number;
  readonly sampleRate: number;
  readonly channelCount: 1 | 2;
  /** Samples per channel of one frame. */
  readonly sampleCount: number;
  /** Bytes of the whole frame. */
  readonly frameSize: number;
}

const sampleRates = { "1": [44100, 48000, 32000], "2": [22050, 24000, 16000], "2.5": [11025, 12000, 8000] };
/** kbit/s by bitrate_index 1…14. */
const bitrates = {
  full: {
    1: [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  low: {
    1: [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    3: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  },
};
const versions = ["2.5", undefined, "2", "1"] as const;
const layers = [undefined, 3, 2, 1] as const;

/**
 * Header at the start of `bytes`; null when there are not yet enough bytes. Throws ParseError, also for free format
 * (bitrate_index 0), whose frame size the header does not tell.
 */
export function parseMpeg1AudioHeader(bytes: Uint8Array): Mpeg1AudioHeader | null {
  if (bytes.length < mpeg1AudioHeaderSize) return null;
  if (bytes[0] !== 0xff || (bytes[1] & 0xe0) !== 0xe0) {
    throw new ParseError("MPEG audio syncword", "is missing", 0);
  }
  const version = versions[bytes[1] >> 3 & 3];
  if (version === undefined) throw new ParseError("MPEG audio version", "1 is reserved", 1);
  const layer = layers[bytes[1] >> 1 & 3];
  if (layer === undefined) throw new ParseError("MPEG audio layer", "0 is reserved", 1);
  const bitrateIndex = bytes[2] >> 4;
  const kilobits = bitrates[version === "1" ? "full" : "low"][layer][bitrateIndex - 1];
  if (kilobits === undefined) {
    throw new ParseError("MPEG audio bitrate_index", `${bitrateIndex} is not supported`, 2);
  }
  const sampleRate = sampleRates[version][bytes[2] >> 2 & 3];
  if (sampleRate === undefined) throw new ParseError("MPEG audio sampling_frequency", "3 is reserved", 2);
  const padding = bytes[2] >> 1 & 1;
  const bitrate = kilobits * 1000;
  const sampleCount = layer === 1 ? 384 : layer === 3 && version !== "1" ? 576 : 1152;
  return {
    version,
    layer,
    bitrate,
    sampleRate,
    channelCount: bytes[3] >> 6 === 3 ? 1 : 2,
    sampleCount,
    frameSize: layer === 1
      ? (Math.floor(12 * bitrate / sampleRate) + padding) * 4
      : Math.floor(sampleCount / 8 * bitrate / sampleRate) + padding,
  };
}
