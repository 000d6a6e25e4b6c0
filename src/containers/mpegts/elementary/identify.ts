/** What a stream of a PMT is: something to decode, or a name for what is passed over. */
import { ParseError } from "../../../base/errors.ts";
import { DescriptorTag, registeredFormat } from "../wire/descriptor.ts";
import { klvFormat, metadataFormat } from "../wire/metadata_descriptor.ts";
import { opusChannelCount } from "../wire/opus_descriptor.ts";
import type { PmtStream } from "../wire/pmt.ts";
import { skippedStreamTypes, StreamType } from "../wire/stream_type.ts";
import type { ElementaryDecoder, PesTime } from "./decoder.ts";
import { Ac3Reader, AdtsReader, LatmReader, Mpeg1AudioReader } from "./frame_readers.ts";
import { FramedAudioDecoder } from "./framed_audio.ts";
import { KlvDecoder, OpusDecoder } from "./packets.ts";
import { h264Video, h265Video, mpeg1Video, mpeg4Video, VideoDecoder } from "./video.ts";

export type Identity =
  | { readonly type: "carried"; readonly decoder: ElementaryDecoder }
  /** `label` names the codec or the kind of data. */
  | { readonly type: "skipped"; readonly label: string };

function carried(decoder: ElementaryDecoder): Identity {
  return { type: "carried", decoder };
}

function skipped(label: string): Identity {
  return { type: "skipped", label };
}

/** Private data by its registered format; `HEVC` and `AC-3` are seen besides their own stream types. */
function identifyRegistered(
  format: string,
  stream: PmtStream,
  lastTime: () => PesTime | null,
): Identity | null {
  switch (format) {
    case "Opus": {
      const channelCount = opusChannelCount(stream.descriptors);
      return channelCount === null
        ? skipped("Opus with an unusual channel mapping")
        : carried(new OpusDecoder(channelCount));
    }
    case klvFormat:
      return carried(new KlvDecoder(false, lastTime));
    case "HEVC":
      return carried(new VideoDecoder(h265Video));
    case "AC-3":
      return carried(new FramedAudioDecoder(new Ac3Reader()));
    case "EAC3":
      return skipped("E-AC-3");
    case "AV01":
      return skipped("AV1");
    case "VVC ":
      return skipped("H266");
    case "DTS1":
    case "DTS2":
    case "DTS3":
      return skipped("DTS");
    case "ID3 ":
      return skipped("ID3");
    case "BSSD":
      return skipped("SMPTE 302M audio");
    case "VANC":
      return skipped("ancillary data");
    default:
      return null;
  }
}

function identifyPrivate(stream: PmtStream, lastTime: () => PesTime | null): Identity {
  const format = registeredFormat(stream.descriptors);
  const registered = format === undefined ? null : identifyRegistered(format, stream, lastTime);
  if (registered !== null) return registered;
  for (const { tag } of stream.descriptors) {
    if (tag === DescriptorTag.ac3) return carried(new FramedAudioDecoder(new Ac3Reader()));
    if (tag === DescriptorTag.enhancedAc3) return skipped("E-AC-3");
    if (tag === DescriptorTag.dts) return skipped("DTS");
    if (tag === DescriptorTag.subtitling) return skipped("DVB subtitles");
    if (tag === DescriptorTag.teletext) return skipped("DVB teletext");
  }
  return skipped("private data");
}

/** Metadata: KLV, or another format such as timed ID3. */
function identifyMetadata(stream: PmtStream, lastTime: () => PesTime | null): Identity {
  for (const descriptor of stream.descriptors) {
    if (descriptor.tag !== DescriptorTag.metadata) continue;
    const format = metadataFormat(descriptor);
    if (format === klvFormat) return carried(new KlvDecoder(true, lastTime));
    if (format === "ID3 ") return skipped("ID3");
  }
  return skipped("metadata");
}

function identifyChecked(stream: PmtStream, lastTime: () => PesTime | null): Identity {
  switch (stream.streamType) {
    case StreamType.h264:
      return carried(new VideoDecoder(h264Video));
    case StreamType.h265:
      return carried(new VideoDecoder(h265Video));
    case StreamType.mpeg4Video:
      return carried(new VideoDecoder(mpeg4Video));
    case StreamType.mpeg1Video:
    case StreamType.mpeg2Video:
      return carried(new VideoDecoder(mpeg1Video));
    case StreamType.adtsAudio:
      return carried(new FramedAudioDecoder(new AdtsReader()));
    case StreamType.latmAudio:
      return carried(new FramedAudioDecoder(new LatmReader()));
    case StreamType.mpeg1Audio:
    case StreamType.mpeg2Audio:
      return carried(new FramedAudioDecoder(new Mpeg1AudioReader()));
    case StreamType.ac3:
      return carried(new FramedAudioDecoder(new Ac3Reader()));
    case StreamType.privateData:
      return identifyPrivate(stream, lastTime);
    case StreamType.metadata:
      return identifyMetadata(stream, lastTime);
    default: {
      const number = `stream type 0x${stream.streamType.toString(16).padStart(2, "0")}`;
      return skipped(skippedStreamTypes.get(stream.streamType) ?? number);
    }
  }
}

/** `lastTime` is asked for units without times. */
export function identifyStream(stream: PmtStream, lastTime: () => PesTime | null): Identity {
  try {
    return identifyChecked(stream, lastTime);
  } catch (error) {
    if (error instanceof ParseError) return skipped("broken descriptors");
    throw error;
  }
}
