/** Video bodies of Enhanced RTMP v1 and v2 ("ExVideoTagHeader", "ExVideoTagBody"). */
import { ByteReader, ByteWriter, concat } from "../../base/bytes.ts";
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
import { fourCcs, readFourCc, writeFourCc } from "./four_cc.ts";
import { readI24, type VideoCommandTag, VideoFrameType } from "./legacy_video.ts";

export type ExVideoPacket =
  | "sequenceStart"
  | "codedFrames"
  | "sequenceEnd"
  | "codedFramesX"
  | "metadata"
  | "mpeg2TsSequenceStart";

const packets: readonly ExVideoPacket[] = [
  "sequenceStart",
  "codedFrames",
  "sequenceEnd",
  "codedFramesX",
  "metadata",
  "mpeg2TsSequenceStart",
];

/** What one message carries of one track. */
export interface ExVideoTrack extends ExTrack {
  /**
   * Presentation time minus decoding time in ms, signed 24 bits; 0 unless the packet is `codedFrames` of a codec that
   * reorders.
   */
  readonly compositionTime: number;
}

export interface ExVideoTag {
  readonly form: "enhanced";
  readonly frameType: number;
  /** To be added to the timestamp of the message; 0…999,999. */
  readonly nanoseconds: number;
  readonly packet: ExVideoPacket;
  /** Null: one track, without an id. */
  readonly multitrack: Multitrack | null;
  /** At least one. */
  readonly tracks: readonly ExVideoTrack[];
}

const extendedBit = 0x80;

export function isExVideo(firstByte: number): boolean {
  return (firstByte & extendedBit) !== 0;
}

function hasCompositionTime(packet: ExVideoPacket, fourCc: string): boolean {
  return packet === "codedFrames" &&
    (fourCc === fourCcs.avc || fourCc === fourCcs.hevc || fourCc === fourCcs.vvc);
}

function packetOf(type: number, offset: number): ExVideoPacket {
  const packet = packets[type];
  if (packet === undefined) throw new ParseError("videoPacketType", `${type} is unknown`, offset);
  return packet;
}

/** Views, no copies. */
export function parseExVideoTag(body: Uint8Array): ExVideoTag | VideoCommandTag {
  const reader = new ByteReader(body);
  const first = reader.u8("videoPacketType");
  const frameType = first >> 4 & 7;
  const { packetType, nanoseconds } = readModifiers(reader, first & 0x0f);
  if (frameType === VideoFrameType.command && packetType !== ExPacketType.metadata) {
    return { form: "command", command: reader.u8("videoCommand") };
  }
  if (packetType === ExPacketType.videoMultitrack) {
    const { multitrack, packetType, tracks } = readTracks(reader);
    const packet = packetOf(packetType, reader.offset);
    const timed = tracks.map((track) => readCompositionTime(packet, track));
    return { form: "enhanced", frameType, nanoseconds, packet, multitrack, tracks: timed };
  }
  const packet = packetOf(packetType, 0);
  const track = readCompositionTime(packet, {
    trackId: 0,
    fourCc: readFourCc(reader, "videoFourCc"),
    data: reader.rest(),
  });
  return { form: "enhanced", frameType, nanoseconds, packet, multitrack: null, tracks: [track] };
}

function readCompositionTime(packet: ExVideoPacket, track: ExTrack): ExVideoTrack {
  if (!hasCompositionTime(packet, track.fourCc)) return { ...track, compositionTime: 0 };
  const reader = new ByteReader(track.data);
  const compositionTime = readI24(reader, "compositionTimeOffset");
  return { ...track, compositionTime, data: reader.rest() };
}

function withCompositionTime(packet: ExVideoPacket, track: ExVideoTrack): ExTrack {
  if (!hasCompositionTime(packet, track.fourCc)) return track;
  const time = new ByteWriter(3).u24(track.compositionTime & 0xffffff).bytes;
  return { ...track, data: track.data.length === 0 ? time : concat([time, track.data]) };
}

/**
 * With data of length 0 and at most one track this is the header of data that follows in pieces (not for
 * `manyTracks` and `manyCodecs`, which state sizes).
 */
export function serializeExVideoTag(tag: ExVideoTag): Uint8Array<ArrayBuffer> {
  const tracks = tag.tracks.map((track) => withCompositionTime(tag.packet, track));
  const sizes = tracks.map((track) => track.data.length);
  const bodySize = tag.multitrack === null ? 4 + sizes[0] : tracksSize(tag.multitrack, sizes);
  const innerType = packets.indexOf(tag.packet);
  const header = {
    packetType: tag.multitrack === null ? innerType : ExPacketType.videoMultitrack,
    nanoseconds: tag.nanoseconds,
  };
  const writer = new ByteWriter(1 + modifiersSize(header) + bodySize);
  const firstType = header.nanoseconds === 0 ? header.packetType : ExPacketType.modEx;
  writer.u8(extendedBit | tag.frameType << 4 | firstType);
  writeModifiers(writer, header.packetType, header.nanoseconds);
  if (tag.multitrack === null) {
    writeFourCc(writer, tracks[0].fourCc);
    writer.raw(tracks[0].data);
  } else {
    writeTracks(writer, tag.multitrack, innerType, tracks);
  }
  return writer.bytes;
}
