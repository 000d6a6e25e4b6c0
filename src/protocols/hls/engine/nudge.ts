import type { Sample } from "./input/input.ts";

/** Seconds: a step back by no more is jitter or rounding, and no time that begins anew. */
const maxJitter = 0.1;

/**
 * A sample that claims to come with or a little before the one in front of it, at `last` ticks, comes behind it: by
 * `step` ticks (what that one lasts, where it is known). Others are given back as they are.
 */
export function nudged(sample: Sample, last: number, step: number | null, timescale: number): Sample {
  const back = last - sample.dts;
  if (back < 0 || back > maxJitter * timescale) return sample;
  const dts = last + Math.max(step ?? 1, 1);
  return { ...sample, dts, pts: Math.max(sample.pts, dts) };
}
