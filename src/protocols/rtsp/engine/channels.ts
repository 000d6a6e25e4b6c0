/** Interleaved channel pairs (RFC 2326 §10.12): the even one carries RTP, the next one RTCP. */

const maxChannel = 255;

/** True when the pair that starts at `channel` would touch one that is taken. */
export function isPairTaken(channel: number, taken: readonly number[]): boolean {
  return taken.some((other) => Math.abs(other - channel) <= 1);
}

/** The lowest even pair that is free; null when all are taken. */
export function findFreePair(taken: readonly number[]): number | null {
  for (let channel = 0; channel < maxChannel; channel += 2) {
    if (!isPairTaken(channel, taken)) return channel;
  }
  return null;
}
