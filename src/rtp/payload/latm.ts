/** MPEG-4 audio as LATM (RFC 6416 §6): AudioMuxElements, the marker on the last packet of each. */
import { BitReader } from "../../base/bits.ts";
import { bytesEqual, concat } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { rescale } from "../../base/time.ts";
import type { AudioSpecificConfig, LatmCodec } from "../../codecs/codec.ts";
import { parseAudioMuxElement } from "../../codecs/latm/audio_mux_element.ts";
import {
  parseStreamMuxConfig,
  readStreamMuxConfig,
  type StreamMuxConfig,
} from "../../codecs/latm/stream_mux_config.ts";
import {
  accessUnitSamples,
  outputSampleRate,
  serializeAudioSpecificConfig,
} from "../../codecs/mpeg4audio/audio_specific_config.ts";
import type { RtpFragment, RtpPacket } from "../packet.ts";
import { ErrorList } from "./error_list.ts";
import { cutBytes, isContiguous } from "./fragmented.ts";
import type { DepacketizeResult, PayloadFormat } from "./payload.ts";

/** RFC 6416 §7.1: the timestamp rate when the config is in band. */
const inBandClockRate = 90000;

function depacketize(packets: readonly RtpPacket[], codec: LatmCodec): DepacketizeResult {
  const payload: Uint8Array[] = [];
  const errors = new ErrorList();
  let start = 0;
  packets.forEach((packet, i) => {
    const last = i === packets.length - 1;
    if (!packet.marker && !last) return;
    const whole = isContiguous(packets, start, i);
    const parts = packets.slice(start, i + 1).map((part) => part.payload);
    start = i + 1;
    const element = parts.length === 1 ? parts[0] : concat(parts);
    if (!whole) errors.add("a fragment of an AudioMuxElement is missing");
    else if (element.length === 0) errors.add("AudioMuxElement is empty");
    else if (!packet.marker) errors.add("the end of an AudioMuxElement is missing");
    else if (!isReadable(element, codec)) errors.add("AudioMuxElement is broken or its start is missing");
    else payload.push(element);
  });
  return { payload: payload.length === 0 ? null : payload, errors: errors.list };
}

/**
 * The only way to see that the first fragments were lost. Elements that cannot be looked into (no config yet, a
 * framing we do not know) are passed on.
 */
function isReadable(element: Uint8Array, codec: LatmCodec): boolean {
  const known = outOfBandConfig(codec);
  if (codec.configInBand || known === null) return true;
  if (known.layers.some((layer) => layer.frame.type !== 0) || !known.allStreamsSameTimeFraming) return true;
  try {
    return parseAudioMuxElement(element, false, known)?.size === element.length;
  } catch (error) {
    if (error instanceof ParseError) return false;
    throw error;
  }
}

const parsedConfigs = new WeakMap<Uint8Array, { readonly value: StreamMuxConfig | null }>();

/** Parsed once for each config; null when there is none or it cannot be read. */
function outOfBandConfig(codec: LatmCodec): StreamMuxConfig | null {
  const bytes = codec.streamMuxConfig;
  if (bytes === undefined) return null;
  let parsed = parsedConfigs.get(bytes);
  if (parsed === undefined) {
    parsed = { value: orNull(() => parseStreamMuxConfig(bytes)) };
    parsedConfigs.set(bytes, parsed);
  }
  return parsed.value;
}

function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}

/** The StreamMuxConfig that the element carries in band, else null. */
function inBandConfig(element: Uint8Array, codec: LatmCodec): StreamMuxConfig | null {
  // useSameStreamMux
  if (!codec.configInBand || element.length === 0 || (element[0] & 0x80) !== 0) return null;
  const reader = new BitReader(element);
  reader.offset = 1;
  return orNull(() => readStreamMuxConfig(reader));
}

function sameConfig(a: AudioSpecificConfig, b: AudioSpecificConfig | undefined): boolean {
  return b !== undefined && bytesEqual(serializeAudioSpecificConfig(a), serializeAudioSpecificConfig(b));
}

function updateCodec(payload: readonly Uint8Array[], codec: LatmCodec): LatmCodec {
  let updated = codec;
  for (const element of payload) {
    const config = inBandConfig(element, codec)?.layers[0].config;
    if (config !== undefined && !sameConfig(config, updated.config)) updated = { ...updated, config };
  }
  return updated;
}

/** When each element starts, and last the end of the unit, in ticks; all 0 as long as no config is known. */
function timeline(payload: readonly Uint8Array[], codec: LatmCodec, clockRate?: number): number[] {
  const outOfBand = outOfBandConfig(codec);
  let config = codec.config ?? outOfBand?.layers[0].config;
  let subFrames = outOfBand?.subFrameCount ?? 1;
  let units = 0;
  const times = [0];
  for (const element of payload) {
    const inBand = inBandConfig(element, codec);
    if (inBand !== null) {
      config = inBand.layers[0].config;
      subFrames = inBand.subFrameCount;
    }
    units += subFrames;
    if (config === undefined) {
      times.push(0);
      continue;
    }
    const rate = clockRate ?? (codec.configInBand ? inBandClockRate : outputSampleRate(config));
    times.push(rescale(units * accessUnitSamples(config), config.sampleRate, rate));
  }
  return times;
}

function packetize(
  payload: readonly Uint8Array[],
  codec: LatmCodec,
  maxPayload: number,
  clockRate?: number,
): RtpFragment[] {
  const times = timeline(payload, codec, clockRate);
  return payload.flatMap((element, i) => {
    const pieces = cutBytes(element, maxPayload);
    return pieces.map((piece, at) => ({
      parts: [piece],
      marker: at === pieces.length - 1,
      timestampOffset: times[i],
    }));
  });
}

export const latmFormat: PayloadFormat<LatmCodec> = {
  endsUnit: (packet) => packet.marker,
  depacketize,
  packetize,
  updateCodec,
  duration: (payload, codec, clockRate) => timeline(payload, codec, clockRate)[payload.length],
};
