/** What the API shows of a track. */
import type { Av1Codec } from "../codec.ts";

export interface Av1Props {
  /** The API has both, and they are always 0: the size belongs to frames. */
  readonly width: number;
  readonly height: number;
  readonly profile: number;
  readonly level: number;
  readonly tier: number;
}

export function av1Props(codec: Av1Codec): Av1Props {
  return {
    width: 0,
    height: 0,
    profile: codec.profile ?? 0,
    level: codec.levelIdx ?? 0,
    tier: codec.tier ?? 0,
  };
}
