/** The decoder configuration of MP4 (`av1C`), enhanced RTMP and Matroska. */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { findSequenceHeader, parseObuStream, serializeObuStream } from "./obu.ts";
import { parseAv1SequenceHeader } from "./sequence_header.ts";

/** AV1CodecConfigurationRecord (AV1 in ISO base media file format §2.3). */
export interface Av1ConfigurationRecord {
  readonly profile: number;
  readonly levelIdx: number;
  readonly tier: number;
  /** Without size field, as in units; undefined when configOBUs has none. */
  readonly sequenceHeader: Uint8Array | undefined;
}

const markerAndVersion = 0x81;
const maxConfigObus = 64 * 1024;

/** Throws ParseError. */
export function parseAv1ConfigurationRecord(bytes: Uint8Array): Av1ConfigurationRecord {
  const reader = new ByteReader(bytes);
  const first = reader.u8("marker and version");
  if (first !== markerAndVersion) throw new ParseError("marker and version", `are ${first}, expected 129`, 0);
  const second = reader.u8("seq_profile and seq_level_idx_0");
  const third = reader.u8("seq_tier_0 and colour");
  reader.skip(1, "initial_presentation_delay");
  if (reader.remaining > maxConfigObus) {
    throw new ParseError("configOBUs", `have ${reader.remaining} bytes`, reader.offset);
  }
  return {
    profile: second >> 5,
    levelIdx: second & 0x1f,
    tier: third >> 7,
    sequenceHeader: findSequenceHeader(parseObuStream(reader.rest())),
  };
}

/** Takes a sequence header OBU, with or without size field. Throws ParseError when it cannot be parsed. */
export function serializeAv1ConfigurationRecord(sequenceHeader: Uint8Array): Uint8Array<ArrayBuffer> {
  const { profile, levelIdx, tier, color } = parseAv1SequenceHeader(sequenceHeader);
  const obus = serializeObuStream(parseObuStream(sequenceHeader));
  const writer = new ByteWriter(4 + obus.length);
  writer.u8(markerAndVersion).u8(profile << 5 | levelIdx);
  writer.u8(
    tier << 7 | (color.bitDepth > 8 ? 0x40 : 0) | (color.bitDepth === 12 ? 0x20 : 0) |
      (color.monochrome ? 0x10 : 0) | (color.subsamplingX ? 0x08 : 0) | (color.subsamplingY ? 0x04 : 0) |
      color.chromaSamplePosition,
  );
  // No initial_presentation_delay.
  return writer.u8(0).raw(obus).bytes;
}
