/** Audio Data Transport Stream frames (ISO/IEC 14496-3 §1.A.2.2, ISO/IEC 13818-7 §6.2). */
import { ParseError } from "../../base/errors.ts";
import type { AudioSpecificConfig } from "../codec.ts";
import {
  channelCountFromConfiguration,
  configurationFromChannelCount,
  explicitSampleRateIndex,
  sampleRates,
} from "./sample_rates.ts";

export const adtsHeaderSize = 7;
/** aac_frame_length has 13 bits and counts the header. */
export const maxAdtsFrameSize = 0x1fff;

export interface AdtsHeader {
  /** 1 Main, 2 LC, 3 SSR, 4 LTP */
  readonly objectType: number;
  readonly sampleRate: number;
  readonly channelCount: number;
  /** Bytes of header and CRC. */
  readonly headerSize: number;
  /** Bytes of the whole frame, header included. */
  readonly frameSize: number;
  /** 1…4; several have no length of their own and cannot be told apart without decoding. */
  readonly rawDataBlocks: number;
}

export function isAdtsSync(bytes: Uint8Array, at = 0): boolean {
  return bytes[at] === 0xff && (bytes[at + 1] & 0xf6) === 0xf0;
}

/** Header at the start of `bytes`; null when there are not yet enough bytes. Throws ParseError. */
export function parseAdtsHeader(bytes: Uint8Array): AdtsHeader | null {
  if (bytes.length < adtsHeaderSize) return null;
  if (!isAdtsSync(bytes)) throw new ParseError("ADTS syncword", "is missing", 0);
  const rateIndex = bytes[2] >> 2 & 0x0f;
  const sampleRate = sampleRates[rateIndex];
  if (sampleRate === undefined) {
    throw new ParseError("ADTS sampling_frequency_index", `${rateIndex} is reserved`, 2);
  }
  const configuration = (bytes[2] & 1) << 2 | bytes[3] >> 6;
  const channelCount = channelCountFromConfiguration(configuration);
  if (!channelCount) {
    throw new ParseError("ADTS channel_configuration", `${configuration} is not supported`, 2);
  }
  const headerSize = (bytes[1] & 1) === 1 ? adtsHeaderSize : adtsHeaderSize + 2;
  const frameSize = (bytes[3] & 3) << 11 | bytes[4] << 3 | bytes[5] >> 5;
  if (frameSize <= headerSize) throw new ParseError("ADTS aac_frame_length", `${frameSize} is too small`, 3);
  return {
    objectType: (bytes[2] >> 6) + 1,
    sampleRate,
    channelCount,
    headerSize,
    frameSize,
    rawDataBlocks: (bytes[6] & 3) + 1,
  };
}

/** Header without CRC for an access unit of `size` bytes. Throws ParseError when ADTS cannot say it. */
export function serializeAdtsHeader(config: AudioSpecificConfig, size: number): Uint8Array<ArrayBuffer> {
  const rateIndex = sampleRates.indexOf(config.sampleRate);
  const configuration = configurationFromChannelCount(config.channelCount);
  const frameSize = size + adtsHeaderSize;
  if (config.objectType < 1 || config.objectType > 4) {
    throw new ParseError("ADTS profile", `cannot express object type ${config.objectType}`);
  }
  if (rateIndex < 0 || rateIndex === explicitSampleRateIndex) {
    throw new ParseError("ADTS sampling_frequency_index", `cannot express ${config.sampleRate} Hz`);
  }
  if (configuration < 1 || configuration > 7) {
    throw new ParseError("ADTS channel_configuration", `cannot express ${config.channelCount} channels`);
  }
  if (frameSize > maxAdtsFrameSize) {
    throw new ParseError("ADTS aac_frame_length", `${frameSize} is too large`);
  }
  const bytes = new Uint8Array(adtsHeaderSize);
  bytes[0] = 0xff;
  bytes[1] = 0xf1;
  bytes[2] = (config.objectType - 1) << 6 | rateIndex << 2 | configuration >> 2;
  bytes[3] = (configuration & 3) << 6 | frameSize >> 11;
  bytes[4] = frameSize >> 3;
  // adts_buffer_fullness 0x7ff: variable bit rate
  bytes[5] = (frameSize & 7) << 5 | 0x1f;
  bytes[6] = 0xfc;
  return bytes;
}

/** The access units of consecutive frames that fill `bytes` exactly, as views. Throws ParseError. */
export function splitAdts(bytes: Uint8Array): { header: AdtsHeader; accessUnits: Uint8Array[] } {
  let first: AdtsHeader | undefined;
  const accessUnits: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || first === undefined;) {
    const header = parseAdtsHeader(bytes.subarray(at));
    if (header === null || at + header.frameSize > bytes.length) {
      throw new ParseError("ADTS frame", "is cut off", at);
    }
    if (header.rawDataBlocks !== 1) {
      throw new ParseError("ADTS number_of_raw_data_blocks_in_frame", "above 0 is not supported", at + 6);
    }
    accessUnits.push(bytes.subarray(at + header.headerSize, at + header.frameSize));
    at += header.frameSize;
    first ??= header;
  }
  return { header: first, accessUnits };
}

export function configFromAdts(header: AdtsHeader): AudioSpecificConfig {
  return {
    objectType: header.objectType,
    sampleRate: header.sampleRate,
    channelCount: header.channelCount,
    frameLengthFlag: false,
    dependsOnCoreCoder: false,
    coreCoderDelay: 0,
  };
}
