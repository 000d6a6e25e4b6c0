/** 31-bit packet sequence numbers (draft-sharabayko-srt §3.1): they wrap, so only distances can be compared. */

export const sequenceMask = 0x7fff_ffff;

export function addSequence(sequence: number, count: number): number {
  return (sequence + count) & sequenceMask;
}

/** Signed distance from `a` to `b`: in −2^30…2^30 − 1. */
export function sequenceDistance(a: number, b: number): number {
  return (b - a) << 1 >> 1;
}
