/** The audio codecs whose frames tell their size. */
import { bytesEqual } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import { ac3FrameSamples, type Ac3Header, parseAc3Header } from "../../../codecs/ac3/syncframe.ts";
import type { Ac3Codec, LatmCodec, Mpeg1AudioCodec, Mpeg4AudioCodec } from "../../../codecs/codec.ts";
import { parseAudioMuxElement, serializeAudioMuxElement } from "../../../codecs/latm/audio_mux_element.ts";
import { serializeStreamMuxConfig, type StreamMuxConfig } from "../../../codecs/latm/stream_mux_config.ts";
import { parseMpeg1AudioHeader } from "../../../codecs/mpeg1audio/frame_header.ts";
import {
  type AdtsHeader,
  configFromAdts,
  parseAdtsHeader,
  splitAdts,
} from "../../../codecs/mpeg4audio/adts.ts";
import { accessUnitSamples } from "../../../codecs/mpeg4audio/audio_specific_config.ts";
import { audioSyncHeaderSize, parseAudioSyncHeader } from "../wire/audio_sync_stream.ts";
import type { Frame, FrameReader } from "./framed_audio.ts";

/** ISO/IEC 13818-7 §8.3: an AAC frame. */
const aacFrameSamples = 1024;

export class AdtsReader implements FrameReader {
  codec: Mpeg4AudioCodec | null = null;

  size(bytes: Uint8Array): number | null {
    return parseAdtsHeader(bytes)?.frameSize ?? null;
  }

  read(bytes: Uint8Array): Frame {
    const { header, accessUnits } = splitAdts(bytes);
    this.#learn(header);
    return { content: accessUnits[0], samples: aacFrameSamples, sampleRate: header.sampleRate };
  }

  #learn(header: AdtsHeader): void {
    const known = this.codec?.config;
    const same = known?.objectType === header.objectType && known.sampleRate === header.sampleRate &&
      known.channelCount === header.channelCount;
    if (same) return;
    this.codec = {
      name: "MPEG-4 Audio",
      config: configFromAdts(header),
      sizeLength: 13,
      indexLength: 3,
      indexDeltaLength: 3,
      profileLevelId: 1,
    };
  }
}

/** audioProfileLevelIndication: Natural Audio Profile, level 1 (ISO/IEC 14496-1), the default of RFC 6416 §7.3. */
const latmProfileLevelId = 30;

/**
 * Elements are given out without their config: hardly any RTP client reads it in band (`cpresent=1`), and every
 * protocol can say it out of band.
 */
export class LatmReader implements FrameReader {
  codec: LatmCodec | null = null;
  #config: StreamMuxConfig | null = null;

  size(bytes: Uint8Array): number | null {
    const size = parseAudioSyncHeader(bytes);
    return size === null ? null : audioSyncHeaderSize + size;
  }

  read(bytes: Uint8Array): Frame {
    const element = parseAudioMuxElement(bytes.subarray(audioSyncHeaderSize), true, this.#config);
    if (element === null) return { content: null, samples: 0, sampleRate: 1 };
    if (element.config !== this.#config) this.#learn(element.config);
    const { config } = element.config.layers[0];
    return {
      content: serializeAudioMuxElement(element.accessUnits, element.config, false),
      samples: accessUnitSamples(config) * element.accessUnits.length,
      sampleRate: config.sampleRate,
    };
  }

  #learn(config: StreamMuxConfig): void {
    if (config.layers.length !== 1 || config.layers[0].frame.type !== 0) {
      throw new ParseError("StreamMuxConfig", "has several layers or a fixed frame length: not supported");
    }
    this.#config = config;
    // Elements are given out without what may follow the access units.
    const { otherDataBits: _bits, crc: _crc, ...alone } = config;
    const streamMuxConfig = serializeStreamMuxConfig(alone);
    const known = this.codec?.streamMuxConfig;
    if (known !== undefined && bytesEqual(known, streamMuxConfig)) return;
    this.codec = {
      name: "MPEG-4 Audio LATM",
      profileLevelId: latmProfileLevelId,
      configInBand: false,
      streamMuxConfig,
      config: config.layers[0].config,
    };
  }
}

export class Mpeg1AudioReader implements FrameReader {
  readonly codec: Mpeg1AudioCodec = { name: "MPEG-1/2 Audio" };

  size(bytes: Uint8Array): number | null {
    return parseMpeg1AudioHeader(bytes)?.frameSize ?? null;
  }

  read(bytes: Uint8Array): Frame {
    const { sampleCount, sampleRate } = parseMpeg1AudioHeader(bytes)!;
    return { content: bytes, samples: sampleCount, sampleRate };
  }
}

export class Ac3Reader implements FrameReader {
  codec: Ac3Codec | null = null;

  size(bytes: Uint8Array): number | null {
    return parseAc3Header(bytes)?.frameSize ?? null;
  }

  read(bytes: Uint8Array): Frame {
    const header = parseAc3Header(bytes)!;
    this.#learn(header);
    return { content: bytes, samples: ac3FrameSamples, sampleRate: header.sampleRate };
  }

  #learn({ sampleRate, channelCount }: Ac3Header): void {
    if (this.codec?.sampleRate === sampleRate && this.codec.channelCount === channelCount) return;
    this.codec = { name: "AC3", sampleRate, channelCount };
  }
}
