/** Audio: every frame is a sample, and decoding can start anywhere. */
import { errorText, ParseError } from "../../../../base/errors.ts";
import { rescale } from "../../../../base/time.ts";
import { flacCodecString, mpeg4AudioCodecString, opusCodecString } from "../../../../codecs/codec_string.ts";
import type { AudioSpecificConfig, Codec } from "../../../../codecs/codec.ts";
import { isFlacFrame, parseFlacStreamInfo } from "../../../../codecs/flac/stream_info.ts";
import { parseAudioMuxElement } from "../../../../codecs/latm/audio_mux_element.ts";
import { parseStreamMuxConfig, type StreamMuxConfig } from "../../../../codecs/latm/stream_mux_config.ts";
import {
  accessUnitSamples,
  serializeAudioSpecificConfig,
} from "../../../../codecs/mpeg4audio/audio_specific_config.ts";
import { opusClockRate, opusPacketSamples } from "../../../../codecs/opus/packet.ts";
import type { Fmp4Codec } from "../../../../containers/fmp4/mod.ts";
import type { Unit } from "../../../../stream/unit.ts";
import type { Report, Sample, TrackInput } from "./input.ts";

/** Frames of a unit and the parameters that hold for them. */
interface Frames {
  readonly frames: readonly Uint8Array[];
  readonly codec: Fmp4Codec;
  readonly codecString: string;
  /** Equal for equal parameters. */
  readonly key: string;
  /** Ticks of each frame. */
  readonly duration: (frame: Uint8Array) => number;
}

/** One for each audio codec; null when the unit has nothing usable yet. Throws ParseError. */
type FrameReader = (payload: readonly Uint8Array[], codec: Codec) => Frames | null;

function aacFrames(config: AudioSpecificConfig, frames: readonly Uint8Array[], timescale: number): Frames {
  const duration = rescale(accessUnitSamples(config), config.sampleRate, timescale);
  return {
    frames,
    codec: { name: "MPEG-4 Audio", config },
    codecString: mpeg4AudioCodecString(config),
    key: serializeAudioSpecificConfig(config).join(),
    duration: () => duration,
  };
}

function latmReader(timescale: number): FrameReader {
  let known: StreamMuxConfig | null = null;
  return (payload, codec) => {
    if (codec.name !== "MPEG-4 Audio LATM") return null;
    if (codec.streamMuxConfig !== undefined) known ??= parseStreamMuxConfig(codec.streamMuxConfig);
    const frames: Uint8Array[] = [];
    for (const bytes of payload) {
      const element = parseAudioMuxElement(bytes, codec.configInBand, known);
      if (element === null) continue;
      known = element.config;
      frames.push(...element.accessUnits);
    }
    const config = known?.layers[0].config;
    return config === undefined ? null : aacFrames(config, frames, timescale);
  };
}

function opusFrames(payload: readonly Uint8Array[], codec: Codec, timescale: number): Frames | null {
  if (codec.name !== "Opus") return null;
  const { channelCount } = codec;
  return {
    frames: payload.filter((packet) => opusPacketSamples(packet) > 0),
    codec: { name: "Opus", channelCount },
    codecString: opusCodecString,
    key: String(channelCount),
    duration: (packet) => rescale(opusPacketSamples(packet), opusClockRate, timescale),
  };
}

/** The fmtp parameter that MediaMTX made up, in hexadecimal. */
const streamInfoParameter = /(?:^|;)\s*streaminfo=([0-9a-f]{68})(?:;|$)/i;

/** Null when the description has no stream info, without which no player can start. */
export function flacStreamInfo(codec: Codec): Uint8Array | null {
  const text = codec.name === "FLAC" ? codec.fmtp.match(streamInfoParameter)?.[1] : undefined;
  if (text === undefined) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

function flacFrames(payload: readonly Uint8Array[], codec: Codec, timescale: number): Frames | null {
  const streamInfo = flacStreamInfo(codec);
  if (streamInfo === null) return null;
  const { maxBlockSize, sampleRate } = parseFlacStreamInfo(streamInfo);
  const duration = rescale(maxBlockSize, sampleRate, timescale);
  return {
    frames: payload.filter(isFlacFrame),
    codec: { name: "FLAC", streamInfo },
    codecString: flacCodecString,
    key: streamInfo.join(),
    duration: () => duration,
  };
}

function frameReader(codec: Codec, timescale: number): FrameReader | null {
  switch (codec.name) {
    case "MPEG-4 Audio":
      return (payload, now) => now.name === codec.name ? aacFrames(now.config, payload, timescale) : null;
    case "MPEG-4 Audio LATM":
      return latmReader(timescale);
    case "Opus":
      return (payload, now) => opusFrames(payload, now, timescale);
    case "FLAC":
      return flacStreamInfo(codec) === null ? null : (payload, now) => flacFrames(payload, now, timescale);
    default:
      return null;
  }
}

class AudioInput implements TrackInput {
  readonly kind = "audio";
  readonly nalUnits = false;
  readonly frameRate = null;
  codec: Fmp4Codec | null = null;
  codecString = "";
  sampleDuration: number | null = null;
  #key = "";

  constructor(
    readonly timescale: number,
    private readonly frames: FrameReader,
    private readonly report: Report,
    described: Codec,
  ) {
    // What the description says is known before the first frame.
    const known = this.#read([], described);
    if (known !== null) this.#use(known);
  }

  read(unit: Unit): Sample[] {
    const payload = unit.payload;
    if (payload === null) return [];
    const frames = this.#read(payload, unit.track.codec);
    if (frames === null) return [];
    this.#use(frames);
    let offset = 0;
    return frames.frames.map((frame) => {
      const dts = unit.pts + offset;
      const ntp = unit.ntp + offset * 1000 / this.timescale;
      this.sampleDuration = frames.duration(frame);
      offset += this.sampleDuration;
      return { dts, pts: dts, ntp, randomAccess: true, payload: [frame] };
    });
  }

  #read(payload: readonly Uint8Array[], codec: Codec): Frames | null {
    try {
      return this.frames(payload, codec);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.report(errorText(error));
      return null;
    }
  }

  #use(frames: Frames): void {
    if (this.codec !== null && frames.key === this.#key) return;
    this.codec = frames.codec;
    this.codecString = frames.codecString;
    this.#key = frames.key;
  }
}

/** Null when HLS cannot carry the codec. */
export function audioInput(codec: Codec, timescale: number, report: Report): TrackInput | null {
  const frames = frameReader(codec, timescale);
  return frames === null ? null : new AudioInput(timescale, frames, report, codec);
}
