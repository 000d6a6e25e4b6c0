/** Audio bodies of Enhanced RTMP v2 ("ExAudioTagHeader", "ExAudioTagBody"). */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import {
  ExPacketType,
  type ExTrack,
  modifiersSize,
  type Multitrack,
  readModifiers,
  readTracks,
  tracksSize,
  writeModifiers,
  writeTracks,
} from "./ex_header.ts";
import { readFourCc, writeFourCc } from "./four_cc.ts";
import { SoundFormat } from "./legacy_audio.ts";

export type ExAudioPacket = "sequenceStart" | "codedFrames" | "sequenceEnd" | "multichannelConfig";

const packetTypes: Record<ExAudioPacket, number> = {
  sequenceStart: ExPacketType.sequenceStart,
  codedFrames: ExPacketType.codedFrames,
  sequenceEnd: ExPacketType.sequenceEnd,
  multichannelConfig: ExPacketType.multichannelConfig,
};

const packetNames = new Map<number, ExAudioPacket>(
  Object.entries(packetTypes).map(([name, type]) => [type, name as ExAudioPacket]),
);

export interface ExAudioTag {
  readonly form: "enhanced";
  /** To be added to the timestamp of the message; 0…999,999. */
  readonly nanoseconds: number;
  readonly packet: ExAudioPacket;
  /** Null: one track, without an id. */
  readonly multitrack: Multitrack | null;
  /** At least one. */
  readonly tracks: readonly ExTrack[];
}

export function isExAudio(firstByte: number): boolean {
  return firstByte >> 4 === SoundFormat.extended;
}

function packetOf(type: number, offset: number): ExAudioPacket {
  const packet = packetNames.get(type);
  if (packet === undefined) throw new ParseError("audioPacketType", `${type} is unknown`, offset);
  return packet;
}

/** Views, no copies. */
export function parseExAudioTag(body: Uint8Array): ExAudioTag {
  const reader = new ByteReader(body);
  const { packetType, nanoseconds } = readModifiers(reader, reader.u8("audioPacketType") & 0x0f);
  if (packetType === ExPacketType.audioMultitrack) {
    const { multitrack, packetType, tracks } = readTracks(reader);
    return { form: "enhanced", nanoseconds, packet: packetOf(packetType, reader.offset), multitrack, tracks };
  }
  const packet = packetOf(packetType, 0);
  const track = { trackId: 0, fourCc: readFourCc(reader, "audioFourCc"), data: reader.rest() };
  return { form: "enhanced", nanoseconds, packet, multitrack: null, tracks: [track] };
}

/**
 * With data of length 0 and at most one track this is the header of data that follows in pieces (not for
 * `manyTracks` and `manyCodecs`, which state sizes).
 */
export function serializeExAudioTag(tag: ExAudioTag): Uint8Array<ArrayBuffer> {
  const { multitrack, nanoseconds, tracks } = tag;
  const sizes = tracks.map((track) => track.data.length);
  const bodySize = multitrack === null ? 4 + sizes[0] : tracksSize(multitrack, sizes);
  const innerType = packetTypes[tag.packet];
  const packetType = multitrack === null ? innerType : ExPacketType.audioMultitrack;
  const writer = new ByteWriter(1 + modifiersSize({ packetType, nanoseconds }) + bodySize);
  writer.u8(SoundFormat.extended << 4 | (nanoseconds === 0 ? packetType : ExPacketType.modEx));
  writeModifiers(writer, packetType, nanoseconds);
  if (multitrack === null) {
    writeFourCc(writer, tracks[0].fourCc);
    writer.raw(tracks[0].data);
  } else {
    writeTracks(writer, multitrack, innerType, tracks);
  }
  return writer.bytes;
}
