/** MPEG-1 and MPEG-2 video elementary streams. */
import { findStartCode } from "../nal/start_code.ts";

/** Fourth byte of the start codes, ISO/IEC 13818-2 table 6-1; slices are 1…0xaf. */
export const StartCode = {
  picture: 0x00,
  lastSlice: 0xaf,
  sequenceHeader: 0xb3,
  extension: 0xb5,
  sequenceEnd: 0xb7,
  group: 0xb8,
} as const;

/** Sequence headers and groups begin where decoding can start; they stand before the picture. */
export function beginsSequenceOrGroup(frame: Uint8Array): boolean {
  for (let at = findStartCode(frame); at >= 0; at = findStartCode(frame, at + 3)) {
    const code = frame[at + 3];
    if (code === StartCode.sequenceHeader || code === StartCode.group) return true;
    if (code === StartCode.picture) return false;
  }
  return false;
}

/** The picture header, ISO/IEC 13818-2 §6.2.3, as far as RTP repeats it. */
export interface PictureHeader {
  readonly temporalReference: number;
  /** 1 I, 2 P, 3 B */
  readonly codingType: number;
  /** The motion vector fields of MPEG-1, 0 in MPEG-2 and where they do not apply. */
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
