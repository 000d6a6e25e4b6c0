/** Arithmetic on clock ticks: rescaling without losing precision, and unwrapping of numbers that wrap. */

/**
 * `value` counted in units of 1/`from` second, expressed in units of 1/`to` second, rounded towards minus infinity.
 * Quotient and remainder are scaled apart, so that neither product leaves the exact integers.
 */
export function rescale(value: number, from: number, to: number): number {
  if (from === to) return value;
  const quotient = Math.floor(value / from);
  const remainder = value - quotient * from;
  return quotient * to + Math.floor(remainder * to / from);
}

/** Signed distance from `a` to `b` on a 16-bit circle (RTP sequence numbers): in −32768…32767. */
export function distance16(a: number, b: number): number {
  return (b - a) << 16 >> 16;
}

/** Signed distance from `a` to `b` on a 32-bit circle (RTP timestamps). */
export function distance32(a: number, b: number): number {
  return (b - a) | 0;
}

/** Clocks that are read in different places may differ by less. */
const maxClockSkewMs = 1000;

/**
 * Have `periodMs` passed since `since`? Also true when `now` is far before it: the system's time was set back, and
 * nothing may wait until it is there again.
 */
export function hasPassed(periodMs: number, since: number, now: number): boolean {
  const elapsed = now - since;
  return elapsed >= periodMs || elapsed < -maxClockSkewMs;
}

/** Turns 32-bit wrapping timestamps into ever-growing (or stepping back a little) safe integers. */
export class Unwrapper32 {
  #last: number | undefined;
  #value = 0;

  /** `start` is what the first timestamp becomes; by default the timestamp itself. */
  constructor(private readonly start?: number) {}

  unwrap(timestamp: number): number {
    if (this.#last === undefined) this.#value = this.start ?? timestamp;
    else this.#value += distance32(this.#last, timestamp);
    this.#last = timestamp;
    return this.#value;
  }
}

const ntpEpochOffsetSeconds = 2_208_988_800;

/** Milliseconds since 1970 → 64-bit NTP timestamp (RFC 3550 §4) as two 32-bit halves. */
export function ntpFromMillis(millis: number): { seconds: number; fraction: number } {
  const whole = Math.floor(millis / 1000);
  const fraction = Math.floor((millis - whole * 1000) / 1000 * 2 ** 32);
  return { seconds: (whole + ntpEpochOffsetSeconds) >>> 0, fraction: fraction >>> 0 };
}

/** 64-bit NTP timestamp → milliseconds since 1970. Seconds below 2^31 are taken as of era 1 (after 2036). */
export function millisFromNtp(seconds: number, fraction: number): number {
  const era = seconds < 2 ** 31 ? 2 ** 32 : 0;
  return (seconds + era - ntpEpochOffsetSeconds) * 1000 + fraction / 2 ** 32 * 1000;
}
