/** MPEG-4 Visual elementary streams. */
import { findStartCode } from "../nal/start_code.ts";

/** Fourth byte of the start codes, ISO/IEC 14496-2 table 6-3. */
export const StartCode = {
  lastVideoObjectLayer: 0x2f,
  visualObjectSequence: 0xb0,
  userData: 0xb2,
  groupOfVop: 0xb3,
  visualObject: 0xb5,
  vop: 0xb6,
} as const;

/** Larger headers are not believed: real ones have tens of bytes, user data adds some. */
export const maxConfigSize = 8192;

/** vop_coding_type, §6.3.5. */
const intraVop = 0;

function isConfig(code: number): boolean {
  return code <= StartCode.lastVideoObjectLayer || code === StartCode.visualObjectSequence ||
    code === StartCode.visualObject;
}

/**
 * Size of the headers at the start of a frame: visual object sequence, visual object, video object layer and user data
 * between them; 0 when the frame does not begin with them.
 */
export function configSize(frame: Uint8Array): number {
  if (findStartCode(frame.subarray(0, 3)) !== 0 || frame.length < 4 || !isConfig(frame[3])) return 0;
  for (let at = 0; at >= 0; at = findStartCode(frame, at + 3)) {
    if (at + 3 >= frame.length) break;
    const code = frame[at + 3];
    if (!isConfig(code) && code !== StartCode.userData) return at;
  }
  return frame.length;
}

/** Views of the headers and of what follows them. */
export function splitConfig(frame: Uint8Array): { config: Uint8Array; rest: Uint8Array } {
  const size = configSize(frame);
  return { config: frame.subarray(0, size), rest: frame.subarray(size) };
}

/** The first VOP in the bytes: true for an I-VOP, false for another, null when there is none. */
export function startsWithIntra(bytes: Uint8Array): boolean | null {
  for (let at = findStartCode(bytes); at >= 0; at = findStartCode(bytes, at + 3)) {
    if (at + 4 >= bytes.length) return null;
    if (bytes[at + 3] === StartCode.vop) return bytes[at + 4] >> 6 === intraVop;
  }
  return null;
}

/** profile_and_level_indication of a visual object sequence header; undefined without one. */
export function configProfileLevel(config: Uint8Array): number | undefined {
  const begins = findStartCode(config) === 0 && config.length > 4;
  return begins && config[3] === StartCode.visualObjectSequence ? config[4] : undefined;
}
