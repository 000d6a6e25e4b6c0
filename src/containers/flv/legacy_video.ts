/** Video bodies of the FLV specification 10.1, §E.4.3. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";

/** FLV 10.1 §E.4.3.1, and 12, which Chinese encoders and CDNs use for H.265 in the form of H.264. */
export const VideoCodecId = { sorenson: 2, vp6: 4, h264: 7, h265: 12 } as const;

export const VideoFrameType = { key: 1, inter: 2, disposableInter: 3, generatedKey: 4, command: 5 } as const;

export type LegacyVideoPacket = "sequenceStart" | "codedFrames" | "sequenceEnd";
const packets: readonly LegacyVideoPacket[] = ["sequenceStart", "codedFrames", "sequenceEnd"];

/** One video message in the form of 2008. */
export interface LegacyVideoTag {
  readonly form: "legacy";
  readonly frameType: number;
  readonly codecId: number;
  /** Codecs without packet types (all but 7 and 12) have coded frames only. */
  readonly packet: LegacyVideoPacket;
  /** Presentation time minus decoding time in ms, signed 24 bits. */
  readonly compositionTime: number;
  /** avcC or hvcC record, or length-prefixed NAL units; empty for an end of sequence. */
  readonly data: Uint8Array;
}

/** A seek mark; carries no picture. */
export interface VideoCommandTag {
  readonly form: "command";
  /** 0 start of a seek, 1 its end. */
  readonly command: number;
}

/** Has packet type and composition time. */
export function hasPacketType(codecId: number): boolean {
  return codecId === VideoCodecId.h264 || codecId === VideoCodecId.h265;
}

/** Size of the header that `writeLegacyVideoHeader` writes. */
export const legacyVideoHeaderSize = 5;

/** Signed 24 bits. */
export function readI24(reader: ByteReader, field: string): number {
  return reader.u24(field) << 8 >> 8;
}

/** A body whose first byte has no extended-header bit. Views, no copies. */
export function parseLegacyVideoTag(body: Uint8Array): LegacyVideoTag | VideoCommandTag {
  const reader = new ByteReader(body);
  const first = reader.u8("FrameType");
  const frameType = first >> 4;
  const codecId = first & 0x0f;
  if (frameType === VideoFrameType.command) return { form: "command", command: reader.u8("command") };
  if (!hasPacketType(codecId)) {
    const data = reader.rest();
    return { form: "legacy", frameType, codecId, packet: "codedFrames", compositionTime: 0, data };
  }
  const packetType = reader.u8("AVCPacketType");
  const packet = packets[packetType];
  if (packet === undefined) throw new ParseError("AVCPacketType", `${packetType} is unknown`, 1);
  // Some encoders leave the composition time away where it means nothing.
  if (packet === "sequenceEnd" && reader.remaining < 3) {
    return {
      form: "legacy",
      frameType,
      codecId,
      packet,
      compositionTime: 0,
      data: reader.rest().subarray(0, 0),
    };
  }
  const compositionTime = readI24(reader, "CompositionTime");
  return { form: "legacy", frameType, codecId, packet, compositionTime, data: reader.rest() };
}

/** The body without its data: for writers that have the data in pieces. */
export function serializeLegacyVideoHeader(
  tag: Omit<LegacyVideoTag, "form" | "data">,
): Uint8Array<ArrayBuffer> {
  if (!hasPacketType(tag.codecId)) return Uint8Array.of(tag.frameType << 4 | tag.codecId);
  return new ByteWriter(legacyVideoHeaderSize)
    .u8(tag.frameType << 4 | tag.codecId)
    .u8(packets.indexOf(tag.packet))
    .u24(tag.compositionTime & 0xffffff)
    .bytes;
}
