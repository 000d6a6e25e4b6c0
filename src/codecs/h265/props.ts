/** What the API shows of a track. */
import type { H265Codec } from "../codec.ts";
import { parseH265Sps } from "./sps.ts";

export interface H265Props {
  readonly width: number;
  readonly height: number;
  readonly profile: string;
  readonly level: string;
}

/** general_profile_idc 1… */
const profileNames: readonly string[] = [
  "Main",
  "Main 10",
  "Main Still Picture",
  "Range Extensions",
  "High Throughput",
  "Multiview Main",
  "Scalable Main",
  "3D Main",
  "Screen Content Coding Extensions",
  "Scalable Range Extensions",
];

/** Without a usable SPS: zeros and empty texts. */
export function h265Props(codec: H265Codec): H265Props {
  try {
    if (codec.sps !== undefined) {
      const { width, height, profile } = parseH265Sps(codec.sps);
      return {
        width,
        height,
        profile: profileNames[profile.profileIdc - 1] ?? String(profile.profileIdc),
        level: String(profile.levelIdc / 30),
      };
    }
  } catch {
    // A broken SPS is the peer's; the API has nothing to say about it.
  }
  return { width: 0, height: 0, profile: "", level: "" };
}
