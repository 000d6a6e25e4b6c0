/** StreamMuxConfig of LATM (ISO/IEC 14496-3 §1.7.3.2, table 1.42). audioMuxVersionA other than 0 is reserved. */
import { BitReader, BitWriter } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";
import type { AudioSpecificConfig } from "../codec.ts";
import {
  keepRaw,
  maxAudioSpecificConfigSize,
  readAudioSpecificConfig,
  writeAudioSpecificConfig,
} from "../mpeg4audio/audio_specific_config.ts";

/** The fields allow 16 programs of 8 layers; each costs memory, and real streams have one of each. */
export const maxLatmLayers = 16;
export const maxStreamMuxConfigSize = 4096;

export interface LatmLayer {
  readonly program: number;
  /** Repeats the config of the layer before (useSameConfig). */
  readonly sameConfig: boolean;
  readonly config: AudioSpecificConfig;
  readonly frame:
    /** frameLengthType 0: every payload tells its length. */
    | { readonly type: 0; readonly bufferFullness: number; readonly coreFrameOffset?: number }
    /** 1: payloads of 8 × (frameLength + 20) bits */
    | { readonly type: 1; readonly frameLength: number }
    /** 3, 4, 5 CELP and 6, 7 HVXC: lengths by table */
    | { readonly type: 3 | 4 | 5 | 6 | 7; readonly tableIndex: number };
}

export interface StreamMuxConfig {
  readonly audioMuxVersion: 0 | 1;
  /** Version 1 only. */
  readonly taraBufferFullness?: number;
  readonly allStreamsSameTimeFraming: boolean;
  /** 1…64 payload groups in each AudioMuxElement: numSubFrames + 1. */
  readonly subFrameCount: number;
  readonly layers: readonly LatmLayer[];
  /** Bits behind the payloads that are not for us; absent when otherDataPresent is 0. */
  readonly otherDataBits?: number;
  readonly crc?: number;
}

/** LatmGetValue (table 1.43) */
function readValue(reader: BitReader, field: string): number {
  const bytes = reader.bits(2, field) + 1;
  return reader.bits(8 * bytes, field);
}

function writeValue(writer: BitWriter, value: number): void {
  const bytes = value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : value < 2 ** 24 ? 3 : 4;
  writer.bits(2, bytes - 1).bits(8 * bytes, value);
}

/** `count` bits from bit `at`, the last byte filled with zeros. */
export function copyBits(bytes: Uint8Array, at: number, count: number): Uint8Array<ArrayBuffer> {
  const reader = new BitReader(bytes);
  reader.offset = at;
  const out = new Uint8Array((count + 7) >>> 3);
  for (let i = 0; i < out.length; i++) {
    const take = Math.min(8, count - 8 * i);
    out[i] = reader.bits(take, "bits") << (8 - take);
  }
  return out;
}

/** Reads from the current bit, as an AudioMuxElement needs it. Throws ParseError. */
export function readStreamMuxConfig(reader: BitReader): StreamMuxConfig {
  const version = reader.bits(1, "audioMuxVersion") as 0 | 1;
  if (version === 1 && reader.flag("audioMuxVersionA")) {
    throw new ParseError("audioMuxVersionA", "1 is reserved", reader.offset >>> 3);
  }
  const taraBufferFullness = version === 1 ? readValue(reader, "taraBufferFullness") : undefined;
  const allStreamsSameTimeFraming = reader.flag("allStreamsSameTimeFraming");
  const subFrameCount = reader.bits(6, "numSubFrames") + 1;
  const programCount = reader.bits(4, "numProgram") + 1;
  const layers: LatmLayer[] = [];
  for (let program = 0; program < programCount; program++) {
    const layerCount = reader.bits(3, "numLayer") + 1;
    for (let i = 0; i < layerCount; i++) {
      if (layers.length === maxLatmLayers) {
        throw new ParseError("numLayer", `gives more than ${maxLatmLayers} layers`, reader.offset >>> 3);
      }
      layers.push(readLayer(reader, version, program, i, layers.at(-1), allStreamsSameTimeFraming));
    }
  }
  const otherDataBits = reader.flag("otherDataPresent") ? readOtherDataLength(reader, version) : undefined;
  const crc = reader.flag("crcCheckPresent") ? reader.bits(8, "crcCheckSum") : undefined;
  return {
    audioMuxVersion: version,
    ...(taraBufferFullness !== undefined && { taraBufferFullness }),
    allStreamsSameTimeFraming,
    subFrameCount,
    layers,
    ...(otherDataBits !== undefined && { otherDataBits }),
    ...(crc !== undefined && { crc }),
  };
}

function readOtherDataLength(reader: BitReader, version: 0 | 1): number {
  if (version === 1) return readValue(reader, "otherDataLenBits");
  let bits = 0;
  for (let more = true; more;) {
    more = reader.flag("otherDataLenEsc");
    bits = bits * 256 + reader.bits(8, "otherDataLenTmp");
    if (bits >= 2 ** 32) throw new ParseError("otherDataLenBits", "is too large", reader.offset >>> 3);
  }
  return bits;
}

function readLayer(
  reader: BitReader,
  version: 0 | 1,
  program: number,
  index: number,
  before: LatmLayer | undefined,
  sameFraming: boolean,
): LatmLayer {
  const sameConfig = before !== undefined && reader.flag("useSameConfig");
  const config = sameConfig ? before.config : readLayerConfig(reader, version);
  const type = reader.bits(3, "frameLengthType");
  switch (type) {
    case 0: {
      const bufferFullness = reader.bits(8, "latmBufferFullness");
      // coreFrameOffset stands where an AAC scalable layer follows a CELP core in the same program.
      const core = before?.config.objectType;
      const offset = !sameFraming && index > 0 && (config.objectType === 6 || config.objectType === 20) &&
        (core === 8 || core === 24);
      const coreFrameOffset = offset ? reader.bits(6, "coreFrameOffset") : undefined;
      return {
        program,
        sameConfig,
        config,
        frame: { type, bufferFullness, ...(coreFrameOffset !== undefined && { coreFrameOffset }) },
      };
    }
    case 1:
      return { program, sameConfig, config, frame: { type, frameLength: reader.bits(9, "frameLength") } };
    case 3:
    case 4:
    case 5:
      return {
        program,
        sameConfig,
        config,
        frame: { type, tableIndex: reader.bits(6, "CELPframeLengthTableIndex") },
      };
    case 6:
    case 7:
      return {
        program,
        sameConfig,
        config,
        frame: { type, tableIndex: reader.bits(1, "HVXCframeLengthTableIndex") },
      };
    default:
      throw new ParseError("frameLengthType", `${type} is reserved`, reader.offset >>> 3);
  }
}

function readLayerConfig(reader: BitReader, version: 0 | 1): AudioSpecificConfig {
  if (version === 0) {
    const start = reader.offset;
    const config = readAudioSpecificConfig(reader, null);
    return keepRaw(config, copyBits(reader.bytes, start, reader.offset - start));
  }
  const bits = readValue(reader, "ascLen");
  if (bits > 8 * maxAudioSpecificConfigSize || bits > reader.remaining) {
    throw new ParseError("ascLen", `is ${bits} bits`, reader.offset >>> 3);
  }
  const bytes = copyBits(reader.bytes, reader.offset, bits);
  reader.skip(bits, "AudioSpecificConfig");
  return keepRaw(readAudioSpecificConfig(new BitReader(bytes), bits), bytes);
}

/** Throws ParseError. */
export function parseStreamMuxConfig(bytes: Uint8Array): StreamMuxConfig {
  if (bytes.length > maxStreamMuxConfigSize) {
    throw new ParseError("StreamMuxConfig", `has ${bytes.length} bytes`, 0);
  }
  return readStreamMuxConfig(new BitReader(bytes));
}

function writeLayerConfig(writer: BitWriter, version: 0 | 1, config: AudioSpecificConfig): void {
  let bytes: Uint8Array;
  let bits: number;
  if (config.raw === undefined) {
    const alone = new BitWriter();
    writeAudioSpecificConfig(alone, config);
    bytes = alone.finish();
  } else {
    bytes = config.raw;
  }
  if (version === 1) {
    bits = 8 * bytes.length;
    writeValue(writer, bits);
  } else {
    // Without a length the reader must find the end: not a bit too many may be written.
    const reader = new BitReader(bytes);
    readAudioSpecificConfig(reader, null);
    bits = reader.offset;
  }
  const reader = new BitReader(bytes);
  while (reader.offset < bits) {
    const take = Math.min(8, bits - reader.offset);
    writer.bits(take, reader.bits(take, "AudioSpecificConfig"));
  }
}

export function writeStreamMuxConfig(writer: BitWriter, config: StreamMuxConfig): void {
  writer.bits(1, config.audioMuxVersion);
  if (config.audioMuxVersion === 1) {
    writer.flag(false);
    writeValue(writer, config.taraBufferFullness ?? 0);
  }
  const programCount = 1 + config.layers.reduce((most, layer) => Math.max(most, layer.program), 0);
  writer.flag(config.allStreamsSameTimeFraming).bits(6, config.subFrameCount - 1).bits(4, programCount - 1);
  let before: LatmLayer | undefined;
  for (let program = 0; program < programCount; program++) {
    const layers = config.layers.filter((layer) => layer.program === program);
    writer.bits(3, layers.length - 1);
    for (const layer of layers) {
      if (before !== undefined) writer.flag(layer.sameConfig);
      if (before === undefined || !layer.sameConfig) {
        writeLayerConfig(writer, config.audioMuxVersion, layer.config);
      }
      writeFrameLength(writer, layer.frame);
      before = layer;
    }
  }
  writeOtherData(writer, config);
  writer.flag(config.crc !== undefined);
  if (config.crc !== undefined) writer.bits(8, config.crc);
}

function writeFrameLength(writer: BitWriter, frame: LatmLayer["frame"]): void {
  writer.bits(3, frame.type);
  if (frame.type === 0) {
    writer.bits(8, frame.bufferFullness);
    if (frame.coreFrameOffset !== undefined) writer.bits(6, frame.coreFrameOffset);
  } else if (frame.type === 1) {
    writer.bits(9, frame.frameLength);
  } else {
    writer.bits(frame.type >= 6 ? 1 : 6, frame.tableIndex);
  }
}

function writeOtherData(writer: BitWriter, config: StreamMuxConfig): void {
  writer.flag(config.otherDataBits !== undefined);
  if (config.otherDataBits === undefined) return;
  if (config.audioMuxVersion === 1) {
    writeValue(writer, config.otherDataBits);
    return;
  }
  const digits = [config.otherDataBits % 256];
  for (let left = Math.floor(config.otherDataBits / 256); left > 0; left = Math.floor(left / 256)) {
    digits.unshift(left % 256);
  }
  digits.forEach((digit, i) => writer.flag(i < digits.length - 1).bits(8, digit));
}

export function serializeStreamMuxConfig(config: StreamMuxConfig): Uint8Array<ArrayBuffer> {
  const writer = new BitWriter();
  writeStreamMuxConfig(writer, config);
  return writer.finish();
}

/** The usual config of one AAC layer, one access unit an element. */
export function streamMuxConfigFromAac(config: AudioSpecificConfig): StreamMuxConfig {
  return {
    audioMuxVersion: config.raw === undefined ? 0 : 1,
    ...(config.raw !== undefined && { taraBufferFullness: 0xff }),
    allStreamsSameTimeFraming: true,
    subFrameCount: 1,
    layers: [{ program: 0, sameConfig: false, config, frame: { type: 0, bufferFullness: 0xff } }],
  };
}
