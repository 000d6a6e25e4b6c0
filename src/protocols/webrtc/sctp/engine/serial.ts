/** Arithmetic of TSNs, which wrap at 32 bits: RFC 1982. */

/** How far `a` is ahead of `b`; negative when behind. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

export function next(tsn: number): number {
  return tsn + 1 >>> 0;
}
