/** MPEG-1 and MPEG-2 video elementary streams. */
import { findStartCode } from "../nal/start_code.ts";

/** Fourth byte of the start codes, ISO/IEC 13818-2 table 6-1; slices are 1…0xaf. */
export const StartCode = {
  picture: 0x00,
  lastSlice: 0xaf,
  sequenceHeader: 0xb3,
  group: 0xb8,
} as const;

/**
 * Sequence headers and groups stand where decoding can start. Looked for everywhere: GStreamer puts several small
 * frames into one packet.
 */
export function hasSequenceOrGroup(bytes: Uint8Array): boolean {
  for (let at = findStartCode(bytes); at >= 0; at = findStartCode(bytes, at + 3)) {
    const code = bytes[at + 3];
    if (code === StartCode.sequenceHeader || code === StartCode.group) return true;
  }
  return false;
}

/** The picture header, ISO/IEC 13818-2 §6.2.3, as far as RTP repeats it. */
export interface PictureHeader {
  readonly temporalReference: number;
  /** 1 I, 2 P, 3 B */
  readonly codingType: number;
  /** As written; false and 0 where the type of picture has none. */
  readonly fullPelForward: boolean;
  readonly forwardCode: number;
  readonly fullPelBackward: boolean;
  readonly backwardCode: number;
}

const predicted = 2;
const bidirectional = 3;

/** `at`: index of the start code; null when the header is cut short. */
export function parsePictureHeader(bytes: Uint8Array, at: number): PictureHeader | null {
  if (at + 8 > bytes.length) return null;
  const temporalReference = bytes[at + 4] << 2 | bytes[at + 5] >> 6;
  const codingType = bytes[at + 5] >> 3 & 7;
  // Behind 10 + 3 + 16 bits: 1 + 3 forward, 1 + 3 backward.
  const motion = bytes[at + 7] << 8 | (bytes[at + 8] ?? 0);
  const forward = codingType === predicted || codingType === bidirectional;
  const backward = codingType === bidirectional;
  return {
    temporalReference,
    codingType,
    fullPelForward: forward && (motion >> 10 & 1) === 1,
    forwardCode: forward ? motion >> 7 & 7 : 0,
    fullPelBackward: backward && (motion >> 6 & 1) === 1,
    backwardCode: backward ? motion >> 3 & 7 : 0,
  };
}
