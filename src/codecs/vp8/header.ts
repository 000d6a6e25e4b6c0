/** The start of a VP8 frame. */
import { ParseError } from "../../base/errors.ts";

/** RFC 6386 §9.1. */
export interface Vp8Header {
  readonly keyFrame: boolean;
  readonly version: number;
  readonly showFrame: boolean;
  /** Pixels, without scaling; 0 unless a key frame. */
  readonly width: number;
  readonly height: number;
}

const tagSize = 3;
const keyHeaderSize = 10;

export function isVp8KeyFrame(frame: Uint8Array): boolean {
  return frame.length > 0 && (frame[0] & 1) === 0;
}

/** Throws ParseError. */
export function parseVp8Header(frame: Uint8Array): Vp8Header {
  const keyFrame = isVp8KeyFrame(frame);
  const needed = keyFrame ? keyHeaderSize : tagSize;
  if (frame.length < needed) throw new ParseError("VP8 frame header", `needs ${needed} bytes`, 0);
  const version = (frame[0] >> 1) & 7;
  const showFrame = (frame[0] & 0x10) !== 0;
  if (!keyFrame) return { keyFrame, version, showFrame, width: 0, height: 0 };
  if (frame[3] !== 0x9d || frame[4] !== 0x01 || frame[5] !== 0x2a) {
    throw new ParseError("VP8 start code", "is not 9d012a", 3);
  }
  return {
    keyFrame,
    version,
    showFrame,
    width: (frame[6] | frame[7] << 8) & 0x3fff,
    height: (frame[8] | frame[9] << 8) & 0x3fff,
  };
}
