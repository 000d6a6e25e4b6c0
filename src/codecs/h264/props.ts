/** What the API shows of a track. */
import type { H264Codec } from "../codec.ts";
import { parseH264Sps } from "./sps.ts";

export interface H264Props {
  readonly width: number;
  readonly height: number;
  readonly profile: string;
  readonly level: string;
}

const profileNames: ReadonlyMap<number, string> = new Map([
  [66, "Baseline"],
  [77, "Main"],
  [88, "Extended"],
  [100, "High"],
  [110, "High 10"],
  [122, "High 4:2:2"],
  [244, "High 4:4:4 Predictive"],
]);

/** Without a usable SPS: zeros and empty texts. */
export function h264Props(codec: H264Codec): H264Props {
  try {
    if (codec.sps !== undefined) {
      const sps = parseH264Sps(codec.sps);
      return {
        width: sps.width,
        height: sps.height,
        profile: profileNames.get(sps.profileIdc) ?? String(sps.profileIdc),
        level: String(sps.levelIdc / 10),
      };
    }
  } catch {
    // A broken SPS is the peer's; the API has nothing to say about it.
  }
  return { width: 0, height: 0, profile: "", level: "" };
}
