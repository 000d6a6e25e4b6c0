/** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) and its GASpecificConfig (§4.4.1). */
import { BitReader, BitWriter } from "../../base/bits.ts";
import { bytesEqual } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import type { AudioSpecificConfig } from "../codec.ts";
import { readProgramConfigChannels } from "./program_config.ts";
import {
  channelCountFromConfiguration,
  configurationFromChannelCount,
  explicitSampleRateIndex,
  sampleRates,
} from "./sample_rates.ts";

export const objectTypeAacLc = 2;
export const objectTypeSbr = 5;
export const objectTypePs = 29;

/** The longest config that is looked at: a program config element with its comment takes below 400 bytes. */
export const maxAudioSpecificConfigSize = 512;

const escapeObjectType = 31;
/** Object types whose specific config is a GASpecificConfig. */
const generalAudioTypes: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);
const scalableTypes: ReadonlySet<number> = new Set([6, 20]);
const resilientTypes: ReadonlySet<number> = new Set([17, 19, 20, 23]);
const lowDelayTypes: ReadonlySet<number> = new Set([23, 39]);
const firstErrorResilientType = 17;
const slicedType = 22;
const sbrSync = 0x2b7;
const psSync = 0x548;

type Draft = { -readonly [K in keyof AudioSpecificConfig]: AudioSpecificConfig[K] };

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5, "audioObjectType");
  return type === escapeObjectType ? 32 + reader.bits(6, "audioObjectTypeExt") : type;
}

function readSampleRate(reader: BitReader, field: string): number {
  const index = reader.bits(4, field);
  const rate = index === explicitSampleRateIndex ? reader.bits(24, field) : sampleRates[index];
  if (!rate) throw new ParseError(field, `index ${index} gives no sample rate`, reader.offset >>> 3);
  return rate;
}

/**
 * Reads from the current bit. With `endBit` a backward compatible extension (§1.6.6.2) is looked for behind the
 * specific config; without it (`null`: the length is not known, LATM version 0) the object type must be one whose
 * end can be found.
 */
export function readAudioSpecificConfig(reader: BitReader, endBit: number | null): AudioSpecificConfig {
  const origin = reader.offset;
  const config: Draft = {
    objectType: readObjectType(reader),
    sampleRate: readSampleRate(reader, "samplingFrequencyIndex"),
    channelCount: 0,
    frameLengthFlag: false,
    dependsOnCoreCoder: false,
    coreCoderDelay: 0,
  };
  const configuration = reader.bits(4, "channelConfiguration");
  const channelCount = channelCountFromConfiguration(configuration);
  if (channelCount === undefined) {
    throw new ParseError("channelConfiguration", `${configuration} is reserved`, reader.offset >>> 3);
  }
  config.channelCount = channelCount;
  if (config.objectType === objectTypeSbr || config.objectType === objectTypePs) {
    config.extensionType = config.objectType;
    config.extensionSampleRate = readSampleRate(reader, "extensionSamplingFrequencyIndex");
    config.objectType = readObjectType(reader);
    if (config.objectType === slicedType) reader.skip(4, "extensionChannelConfiguration");
  }
  if (generalAudioTypes.has(config.objectType)) {
    readGeneralAudio(reader, config, origin);
  } else if (endBit === null) {
    throw new ParseError("audioObjectType", `${config.objectType} needs a known length`, origin >>> 3);
  } else {
    // Of ELD the frame length matters here; other specific configs are carried as they are, in `raw`.
    if (lowDelayTypes.has(config.objectType)) config.frameLengthFlag = reader.flag("frameLengthFlag");
    return config;
  }
  if (endBit !== null && config.extensionType === undefined) readSyncExtension(reader, config, endBit);
  return config;
}

function readGeneralAudio(reader: BitReader, config: Draft, origin: number): void {
  config.frameLengthFlag = reader.flag("frameLengthFlag");
  config.dependsOnCoreCoder = reader.flag("dependsOnCoreCoder");
  if (config.dependsOnCoreCoder) config.coreCoderDelay = reader.bits(14, "coreCoderDelay");
  const extensionFlag = reader.flag("extensionFlag");
  if (config.channelCount === 0) {
    config.channelCount = readProgramConfigChannels(reader, origin);
    if (config.channelCount === 0) {
      throw new ParseError("program_config_element", "has no channels", reader.offset >>> 3);
    }
  }
  if (scalableTypes.has(config.objectType)) reader.skip(3, "layerNr");
  if (extensionFlag) {
    if (config.objectType === slicedType) reader.skip(5 + 11, "numOfSubFrame");
    if (resilientTypes.has(config.objectType)) reader.skip(3, "aacSectionDataResilienceFlag");
    reader.skip(1, "extensionFlag3");
  }
  if (config.objectType >= firstErrorResilientType) {
    const protection = reader.bits(2, "epConfig");
    if (protection > 1) {
      throw new ParseError("epConfig", `${protection} is not supported`, reader.offset >>> 3);
    }
  }
}

function readSyncExtension(reader: BitReader, config: Draft, endBit: number): void {
  if (endBit - reader.offset < 16) return;
  if (reader.bits(11, "syncExtensionType") !== sbrSync) return;
  const type = readObjectType(reader);
  if (type !== objectTypeSbr || !reader.flag("sbrPresentFlag")) return;
  config.extensionSampleRate = readSampleRate(reader, "extensionSamplingFrequencyIndex");
  config.extensionType = objectTypeSbr;
  if (endBit - reader.offset < 12) return;
  if (reader.bits(11, "syncExtensionType") !== psSync) return;
  if (reader.flag("psPresentFlag")) config.extensionType = objectTypePs;
}

/** Throws ParseError. */
export function parseAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  if (bytes.length > maxAudioSpecificConfigSize) {
    throw new ParseError("AudioSpecificConfig", `has ${bytes.length} bytes`, 0);
  }
  return keepRaw(readAudioSpecificConfig(new BitReader(bytes), bytes.length * 8), bytes);
}

/** Adds the bytes to the config when its fields alone would be written differently. */
export function keepRaw(config: AudioSpecificConfig, bytes: Uint8Array): AudioSpecificConfig {
  return bytesEqual(serializeAudioSpecificConfig(config), bytes) ? config : { ...config, raw: bytes.slice() };
}

function writeObjectType(writer: BitWriter, type: number): void {
  if (type < escapeObjectType) writer.bits(5, type);
  else writer.bits(5, escapeObjectType).bits(6, type - 32);
}

function writeSampleRate(writer: BitWriter, rate: number): void {
  const index = sampleRates.indexOf(rate);
  if (index >= 0) writer.bits(4, index);
  else writer.bits(4, explicitSampleRateIndex).bits(24, rate);
}

/** Writes the fields; SBR and PS are signalled in front (§1.6.6.1). Not for configs that have `raw`. */
export function writeAudioSpecificConfig(writer: BitWriter, config: AudioSpecificConfig): void {
  writeObjectType(writer, config.extensionType ?? config.objectType);
  writeSampleRate(writer, config.sampleRate);
  writer.bits(4, configurationFromChannelCount(config.channelCount));
  if (config.extensionType !== undefined) {
    writeSampleRate(writer, config.extensionSampleRate ?? config.sampleRate);
    writeObjectType(writer, config.objectType);
  }
  if (!generalAudioTypes.has(config.objectType)) {
    if (lowDelayTypes.has(config.objectType)) writer.flag(config.frameLengthFlag);
    return;
  }
  writer.flag(config.frameLengthFlag).flag(config.dependsOnCoreCoder);
  if (config.dependsOnCoreCoder) writer.bits(14, config.coreCoderDelay);
  writer.flag(false);
  if (scalableTypes.has(config.objectType)) writer.bits(3, 0);
  if (config.objectType >= firstErrorResilientType) writer.bits(2, 0);
}

export function serializeAudioSpecificConfig(config: AudioSpecificConfig): Uint8Array {
  if (config.raw !== undefined) return config.raw;
  const writer = new BitWriter();
  writeAudioSpecificConfig(writer, config);
  return writer.finish();
}

/** Samples of one access unit at `config.sampleRate` (before SBR doubles both). */
export function accessUnitSamples(config: AudioSpecificConfig): number {
  if (lowDelayTypes.has(config.objectType)) return config.frameLengthFlag ? 480 : 512;
  return config.frameLengthFlag ? 960 : 1024;
}

/** The rate of RTP timestamps: RFC 3640 §4.1 recommends that of the decoder's output, with SBR applied. */
export function outputSampleRate(config: AudioSpecificConfig): number {
  return config.extensionSampleRate ?? config.sampleRate;
}
