/** What stands in the PMT for each codec, and which stream id its PES packets have. */
import type { Codec } from "../../../codecs/codec.ts";
import { maxOpusChannels } from "../../../codecs/opus/channels.ts";
import { type Descriptor, registrationDescriptor } from "../wire/descriptor.ts";
import { klvDescriptors, klvFormat } from "../wire/metadata_descriptor.ts";
import { opusDescriptor } from "../wire/opus_descriptor.ts";
import { StreamId } from "../wire/pes_header.ts";
import { StreamType } from "../wire/stream_type.ts";

export interface StreamEntry {
  readonly streamType: number;
  readonly descriptors: readonly Descriptor[];
  readonly streamId: number;
}

/** How KLV is carried (MISB ST 1402): with times, in metadata cells; or bare, without times. */
export type KlvMode = "synchronous" | "asynchronous";

function entry(streamType: number, streamId: number, descriptors: readonly Descriptor[] = []): StreamEntry {
  return { streamType, streamId, descriptors };
}

/** Null for codecs that transport streams have no place for. */
export function streamEntry(codec: Codec, klvMode: KlvMode): StreamEntry | null {
  switch (codec.name) {
    case "H264":
      return entry(StreamType.h264, StreamId.video);
    case "H265":
      return entry(StreamType.h265, StreamId.video);
    case "MPEG-4 Video":
      return entry(StreamType.mpeg4Video, StreamId.video);
    case "MPEG-1/2 Video":
      // Decoders of MPEG-2 read MPEG-1 too; the codec does not say which of them it is.
      return entry(StreamType.mpeg2Video, StreamId.video);
    case "MPEG-4 Audio":
      return entry(StreamType.adtsAudio, StreamId.audio);
    case "MPEG-4 Audio LATM":
      return entry(StreamType.latmAudio, StreamId.audio);
    case "MPEG-1/2 Audio":
      return entry(StreamType.mpeg1Audio, StreamId.audio);
    case "AC3":
      // ATSC A/52 annex A
      return entry(StreamType.ac3, StreamId.private1, [registrationDescriptor("AC-3")]);
    case "Opus": {
      if (codec.channelCount < 1 || codec.channelCount > maxOpusChannels) return null;
      const descriptors = [registrationDescriptor("Opus"), opusDescriptor(codec.channelCount)];
      return entry(StreamType.privateData, StreamId.private1, descriptors);
    }
    case "KLV":
      return klvMode === "synchronous"
        ? entry(StreamType.metadata, StreamId.metadata, klvDescriptors())
        : entry(StreamType.privateData, StreamId.private1, [registrationDescriptor(klvFormat)]);
    default:
      return null;
  }
}
