/** The identification header of Opus (RFC 7845 §5.1), which Enhanced RTMP sends as sequence start. */
import { ByteReader, ByteWriter } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import { maxOpusChannels, opusChannelMapping } from "../../../codecs/opus/channels.ts";

export interface OpusHead {
  readonly channelCount: number;
  /** Samples at 48 kHz to be left out at the start. */
  readonly preSkip: number;
}

const magic = "OpusHead";
const opusRate = 48_000;

/** Throws ParseError. */
export function parseOpusHead(data: Uint8Array): OpusHead {
  const reader = new ByteReader(data);
  const found = String.fromCharCode(...reader.view(magic.length, "magic signature"));
  if (found !== magic) throw new ParseError("magic signature", "is not OpusHead", 0);
  const version = reader.u8("version");
  if (version >> 4 !== 0) throw new ParseError("version", `${version} is unknown`, 8);
  const channelCount = reader.u8("channel count");
  if (channelCount === 0 || channelCount > maxOpusChannels) {
    throw new ParseError("channel count", `${channelCount} is not supported`, 9);
  }
  const preSkip = reader.u8("pre-skip") | reader.u8("pre-skip") << 8;
  return { channelCount, preSkip };
}

export function serializeOpusHead(channelCount: number): Uint8Array<ArrayBuffer> {
  const mapping = channelCount > 2 ? opusChannelMapping(channelCount) : undefined;
  const size = 19 + (mapping === undefined ? 0 : 2 + channelCount);
  const writer = new ByteWriter(size).ascii(magic).u8(1).u8(channelCount).u16(0).u32Le(opusRate).u16(0)
    .u8(mapping === undefined ? 0 : 1);
  if (mapping !== undefined) {
    writer.u8(mapping.streamCount).u8(mapping.coupledCount).raw(Uint8Array.from(mapping.mapping));
  }
  return writer.bytes;
}
