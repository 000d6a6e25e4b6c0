/** A larger difference between the clocks means that the time of the system was set. */
const maxDriftMs = 20;

let offset = Date.now() - performance.now();

/**
 * Milliseconds since 1970 with fractions, which feedback about bandwidth needs; `Date.now` has none. Follows the
 * system's time when it is set.
 */
export function wallClock(): number {
  const fine = offset + performance.now();
  const coarse = Date.now();
  if (Math.abs(fine - coarse) <= maxDriftMs) return fine;
  offset = coarse - performance.now();
  return coarse;
}
