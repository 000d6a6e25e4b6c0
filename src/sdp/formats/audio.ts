/** The audio codecs whose description is little more than a name, a rate and channels. */
import type { G711Codec, LpcmCodec, OpusCodec } from "../../codecs/codec.ts";
import { type FormatText, serializeFmtp } from "../format_text.ts";
import type { FormatReader, ReadFormat, WrittenFormat } from "./reader.ts";

const opusClockRate = 48000;
const narrowbandRate = 8000;
/** RFC 3551 §4.5.10 and §4.5.11 for the static payload types. */
const staticLpcmRate = 44100;
/** RFC 4184 says that the rtpmap has the channels; encoders that leave them out mean 5.1. */
const defaultAc3Channels = 6;
/** RFC 3551 §4.5.13: always 90 kHz. */
const mpegClockRate = 90000;

/** RFC 7587 §7: the rtpmap always says two channels; `sprop-stereo` says what is sent. */
export function readOpus(format: FormatText): ReadFormat {
  const codec: OpusCodec = {
    name: "Opus",
    channelCount: format.parameters.get("sprop-stereo") === "1" ? 2 : 1,
  };
  return { codec, clockRate: opusClockRate };
}

/** The form that browsers made up for more than two channels. */
export function readMultiopus({ channelCount }: FormatText): ReadFormat | null {
  if (channelCount === undefined || channelCount > 8) return null;
  return { codec: { name: "Opus", channelCount }, clockRate: opusClockRate };
}

/** libopus' layouts: streams, coupled streams, channel mapping. */
const opusLayouts: Readonly<Record<number, readonly [streams: number, coupled: number, mapping: string]>> = {
  3: [2, 1, "0,2,1"],
  4: [2, 2, "0,1,2,3"],
  5: [3, 2, "0,4,1,2,3"],
  6: [4, 2, "0,4,1,2,3,5"],
  7: [4, 3, "0,4,1,2,3,5,6"],
  8: [5, 3, "0,6,1,4,5,2,3,7"],
};

export function writeOpus({ channelCount }: OpusCodec): WrittenFormat {
  const layout = opusLayouts[channelCount];
  if (layout === undefined) {
    return {
      rtpmap: `opus/${opusClockRate}/2`,
      fmtp: serializeFmtp({ "sprop-stereo": channelCount === 2 ? 1 : 0 }),
    };
  }
  const [streams, coupled, mapping] = layout;
  return {
    rtpmap: `multiopus/${opusClockRate}/${channelCount}`,
    fmtp: serializeFmtp({
      num_streams: streams,
      coupled_streams: coupled,
      channel_mapping: mapping,
      "sprop-maxcapturerate": opusClockRate,
    }),
  };
}

export function readMpeg1Audio(): ReadFormat {
  return { codec: { name: "MPEG-1/2 Audio" }, clockRate: mpegClockRate };
}

export function readAc3({ clockRate, channelCount }: FormatText): ReadFormat | null {
  if (clockRate === undefined) return null;
  const codec = {
    name: "AC3",
    sampleRate: clockRate,
    channelCount: channelCount ?? defaultAc3Channels,
  } as const;
  return { codec, clockRate };
}

/** Payload types 0 and 8 are 8 kHz mono whatever the rtpmap says. */
export function readG711(muLaw: boolean): FormatReader {
  return (format) => {
    const fixed = format.payloadType === 0 || format.payloadType === 8;
    const sampleRate = fixed ? narrowbandRate : format.clockRate ?? narrowbandRate;
    const channelCount = fixed ? 1 : format.channelCount ?? 1;
    return { codec: { name: "G711", muLaw, sampleRate, channelCount }, clockRate: sampleRate };
  };
}

export function writeG711({ muLaw, sampleRate, channelCount }: G711Codec): WrittenFormat {
  const channels = channelCount === 1 ? "" : `/${channelCount}`;
  return { rtpmap: `${muLaw ? "PCMU" : "PCMA"}/${sampleRate}${channels}`, fmtp: "" };
}

/** RFC 3551 §4.5.2: the clock has 8 kHz although the codec has 16, and some devices write 16000. */
export function readG722(): ReadFormat {
  return { codec: { name: "G722" }, clockRate: narrowbandRate };
}

export function readLpcm(bitDepth: LpcmCodec["bitDepth"]): FormatReader {
  return ({ payloadType, clockRate, channelCount = 1 }) => {
    if (payloadType === 10 || payloadType === 11) {
      const codec: LpcmCodec = {
        name: "LPCM",
        bitDepth: 16,
        sampleRate: staticLpcmRate,
        channelCount: payloadType === 10 ? 2 : 1,
      };
      return { codec, clockRate: staticLpcmRate };
    }
    if (clockRate === undefined) return null;
    return { codec: { name: "LPCM", bitDepth, sampleRate: clockRate, channelCount }, clockRate };
  };
}

export function writeLpcm({ bitDepth, sampleRate, channelCount }: LpcmCodec): WrittenFormat {
  return { rtpmap: `L${bitDepth}/${sampleRate}/${channelCount}`, fmtp: "" };
}
