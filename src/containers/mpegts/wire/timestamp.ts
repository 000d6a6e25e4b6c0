/** 33-bit timestamps of 90 kHz (ISO/IEC 13818-1 §2.4.3.7), which wrap every 26.5 hours. */

/** Ticks per second of PTS, DTS and the base of the PCR. */
export const clockRate = 90000;
/** One above the largest timestamp. */
export const timestampModulus = 2 ** 33;

/** Any integer, negative ones too, on the 33-bit circle. */
export function wrapTimestamp(value: number): number {
  const rest = value % timestampModulus;
  return rest < 0 ? rest + timestampModulus : rest;
}

/** Signed distance from `a` to `b` on the 33-bit circle: −2^32…2^32−1. */
export function distance33(a: number, b: number): number {
  const forward = wrapTimestamp(b - a);
  return forward >= timestampModulus / 2 ? forward - timestampModulus : forward;
}

/** Turns timestamps into integers that do not wrap: each is taken as the one nearest to the last. */
export class Unwrapper33 {
  #last: number | undefined;
  #value = 0;

  /** The first timestamp is kept as it is. */
  unwrap(timestamp: number): number {
    this.#value = this.#last === undefined ? timestamp : this.#value + distance33(this.#last, timestamp);
    this.#last = timestamp;
    return this.#value;
  }
}
