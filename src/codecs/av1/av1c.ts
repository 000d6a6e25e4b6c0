/** AV1CodecConfigurationRecord: `av1C` boxes and enhanced RTMP sequence headers. */
import { ParseError } from "../../base/errors.ts";
import { concat } from "../../base/bytes.ts";
import { findSequenceHeader, parseObuStream, serializeObuStream } from "./obu.ts";
import { parseAv1SequenceHeader } from "./sequence_header.ts";

const markerAndVersion = 0x81;
const fixedSize = 4;

/** "AV1 Codec ISO Media File Format Binding" §2.3: its sequence header without size field; undefined when it has none. Throws ParseError. */
export function parseAv1Config(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < fixedSize) {
    throw new ParseError("av1C", `needs ${fixedSize} bytes, got ${bytes.length}`, 0);
  }
  if (bytes[0] !== markerAndVersion) throw new ParseError("av1C version", `is ${bytes[0]}`, 0);
  return findSequenceHeader(parseObuStream(bytes.subarray(fixedSize)));
}

/** From a sequence header OBU; throws ParseError when it cannot be parsed. */
export function serializeAv1Config(sequenceHeader: Uint8Array): Uint8Array<ArrayBuffer> {
  const { profile, levelIdx, tier, color, initialDisplayDelayMinus1 } = parseAv1SequenceHeader(
    sequenceHeader,
  );
  const fixed = Uint8Array.of(
    markerAndVersion,
    profile << 5 | levelIdx,
    tier << 7 | (color.bitDepth > 8 ? 0x40 : 0) | (color.bitDepth === 12 ? 0x20 : 0) |
      (color.monochrome ? 0x10 : 0) |
      (color.subsamplingX ? 8 : 0) | (color.subsamplingY ? 4 : 0) | color.chromaSamplePosition,
    initialDisplayDelayMinus1 === null ? 0 : 0x10 | initialDisplayDelayMinus1,
  );
  return concat([fixed, serializeObuStream([sequenceHeader])]);
}
