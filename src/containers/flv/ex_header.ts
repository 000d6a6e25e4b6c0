/** What the extended headers of audio and video share (Enhanced RTMP v2, "Extended VideoTagHeader"). */
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { readFourCc, writeFourCc } from "./four_cc.ts";

/** Packet types, the same numbers for audio and video where both have them. */
export const ExPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  /** Video: coded frames whose composition time is 0. */
  codedFramesX: 3,
  /** Video: metadata. Audio: configuration of channels. */
  metadata: 4,
  multichannelConfig: 4,
  mpeg2TsSequenceStart: 5,
  videoMultitrack: 6,
  audioMultitrack: 5,
  modEx: 7,
} as const;

/** Tracks in one message. */
export const maxTagTracks = 64;
/** Modifiers in one message. */
export const maxModifiers = 16;

const modifierTimestampOffsetNano = 0;

/** `oneTrack`: one, with an id. `manyTracks`: all of one codec. `manyCodecs`: each with its own. */
export type Multitrack = "oneTrack" | "manyTracks" | "manyCodecs";
const multitracks: readonly Multitrack[] = ["oneTrack", "manyTracks", "manyCodecs"];

/** The part of a message that belongs to one track. */
export interface ExTrack {
  /** 0 where the message does not say. */
  readonly trackId: number;
  readonly fourCc: string;
  readonly data: Uint8Array;
}

export interface ExHeader {
  readonly packetType: number;
  /** To be added to the timestamp of the message; 0…999,999. */
  readonly nanoseconds: number;
}

/**
 * Modifiers, which stand before the packet type that counts. `packetType`: from the first byte. Unknown ones are passed
 * over, as the specification wants.
 */
export function readModifiers(reader: ByteReader, packetType: number): ExHeader {
  let nanoseconds = 0;
  for (let count = 0; packetType === ExPacketType.modEx; count++) {
    if (count === maxModifiers) {
      throw new ParseError("modExType", `more than ${maxModifiers} modifiers`, reader.offset);
    }
    let size = reader.u8("modExDataSize") + 1;
    if (size === 256) size = reader.u16("modExDataSize") + 1;
    const data = reader.view(size, "modExData");
    const types = reader.u8("modExType");
    if (types >> 4 === modifierTimestampOffsetNano) {
      if (size < 3) {
        throw new ParseError("timestampOffsetNano", `has ${size} bytes instead of 3`, reader.offset);
      }
      nanoseconds = data[0] << 16 | data[1] << 8 | data[2];
    }
    packetType = types & 0x0f;
  }
  return { packetType, nanoseconds };
}

/** How many bytes `writeModifiers` writes. */
export function modifiersSize(header: ExHeader): number {
  return header.nanoseconds === 0 ? 0 : 5;
}

/** Everything after the first byte up to the packet type, which the caller has put into the first byte. */
export function writeModifiers(writer: ByteWriter, packetType: number, nanoseconds: number): void {
  if (nanoseconds === 0) return;
  writer.u8(2).u24(nanoseconds).u8(modifierTimestampOffsetNano << 4 | packetType);
}

/** After the packet type `multitrack`: gives the packet type of all tracks. */
export function readTracks(reader: ByteReader): {
  multitrack: Multitrack;
  packetType: number;
  tracks: ExTrack[];
} {
  const byte = reader.u8("multitrackType");
  const multitrack = multitracks[byte >> 4];
  if (multitrack === undefined) {
    throw new ParseError("multitrackType", `${byte >> 4} is unknown`, reader.offset - 1);
  }
  let fourCc = multitrack === "manyCodecs" ? "" : readFourCc(reader, "fourCc");
  const tracks: ExTrack[] = [];
  do {
    if (tracks.length === maxTagTracks) {
      throw new ParseError("multitrack", `more than ${maxTagTracks} tracks`, reader.offset);
    }
    if (multitrack === "manyCodecs") fourCc = readFourCc(reader, "fourCc");
    const trackId = reader.u8("trackId");
    const data = multitrack === "oneTrack" ? reader.rest() : reader.view(reader.u24("sizeOfTrack"), "track");
    tracks.push({ trackId, fourCc, data });
  } while (reader.remaining > 0);
  return { multitrack, packetType: byte & 0x0f, tracks };
}

/** How many bytes `writeTracks` writes; each track's data counts as `dataSizes` says. */
export function tracksSize(multitrack: Multitrack, dataSizes: readonly number[]): number {
  let size = multitrack === "manyCodecs" ? 1 : 5;
  for (const dataSize of dataSizes) {
    size += 1 + dataSize + (multitrack === "oneTrack" ? 0 : 3) + (multitrack === "manyCodecs" ? 4 : 0);
  }
  return size;
}

/** Inverse of `readTracks`. */
export function writeTracks(
  writer: ByteWriter,
  multitrack: Multitrack,
  packetType: number,
  tracks: readonly ExTrack[],
): void {
  writer.u8(multitracks.indexOf(multitrack) << 4 | packetType);
  if (multitrack !== "manyCodecs") writeFourCc(writer, tracks[0].fourCc);
  for (const track of tracks) {
    if (multitrack === "manyCodecs") writeFourCc(writer, track.fourCc);
    writer.u8(track.trackId);
    if (multitrack !== "oneTrack") writer.u24(track.data.length);
    writer.raw(track.data);
  }
}
