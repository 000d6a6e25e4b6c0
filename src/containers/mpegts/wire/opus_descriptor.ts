/** opus_audio_descriptor (ETSI TS Opus 0.1.3-draft §5): the number of channels and how streams map to them. */
import { BitReader } from "../../../base/bits.ts";
import { maxOpusChannels, opusChannelMapping } from "../../../codecs/opus/channels.ts";
import { type Descriptor, DescriptorTag } from "./descriptor.ts";

/** descriptor_tag_extension. */
const opusExtension = 0x80;
/** channel_config_code */
const explicitConfig = 0x81;

function bitsFor(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/** True for one or two channels of mapping family 0, or the streams that libopus makes of that many channels. */
function isUsualMapping(data: Uint8Array): boolean {
  const [, channels, family] = data.subarray(1);
  if (family === 0) return channels === 1 || channels === 2;
  const usual = opusChannelMapping(channels);
  if (usual === undefined) return false;
  const bits = new BitReader(data.subarray(4));
  const field = "Opus channel mapping";
  if (bits.bits(bitsFor(channels), field) + 1 !== usual.streamCount) return false;
  if (bits.bits(bitsFor(usual.streamCount + 1), field) !== usual.coupledCount) return false;
  const width = bitsFor(usual.streamCount + usual.coupledCount + 1);
  return usual.mapping.every((from) => bits.bits(width, field) === from);
}

/**
 * The channels, when they are spread over streams in the way that `OpusCodec.channelCount` means; null for other
 * spreads (dual mono, own mappings) and without a descriptor. Throws ParseError.
 */
export function opusChannelCount(descriptors: readonly Descriptor[]): number | null {
  for (const { tag, data } of descriptors) {
    if (tag !== DescriptorTag.dvbExtension || data[0] !== opusExtension) continue;
    const code = data[1] ?? 0;
    if (code >= 1 && code <= maxOpusChannels) return code;
    if (code === explicitConfig && data.length >= 4 && isUsualMapping(data)) return data[2];
  }
  return null;
}

/** For 1…8 channels. */
export function opusDescriptor(channelCount: number): Descriptor {
  return { tag: DescriptorTag.dvbExtension, data: Uint8Array.of(opusExtension, channelCount) };
}
