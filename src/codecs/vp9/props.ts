/** What the API shows of a track. */
import type { Vp9Codec } from "../codec.ts";

export interface Vp9Props {
  readonly profile: number;
}

export function vp9Props(codec: Vp9Codec): Vp9Props {
  return { profile: codec.profileId ?? 0 };
}
