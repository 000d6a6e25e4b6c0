/** Profiles of H.264 as `profile-level-id` says them (RFC 6184 §8.1, table 5). */

/** Those that browsers tell apart; `other` for the rest. */
export type H264Profile =
  | "constrained baseline"
  | "baseline"
  | "main"
  | "constrained high"
  | "high"
  | "high 4:4:4 predictive"
  | "other";

/** profile_idc, and which bits of profile-iop have which value. */
const table: readonly (readonly [idc: number, mask: number, value: number, H264Profile])[] = [
  [0x42, 0b0100_1111, 0b0100_0000, "constrained baseline"],
  [0x4d, 0b1000_1111, 0b1000_0000, "constrained baseline"],
  [0x58, 0b1100_1111, 0b1100_0000, "constrained baseline"],
  [0x42, 0b0100_1111, 0b0000_0000, "baseline"],
  [0x58, 0b1100_1111, 0b1000_0000, "baseline"],
  [0x4d, 0b1010_1111, 0b0000_0000, "main"],
  [0x64, 0b1111_1111, 0b0000_0000, "high"],
  [0x64, 0b1111_1111, 0b0000_1100, "constrained high"],
  [0xf4, 0b1111_1111, 0b0000_0000, "high 4:4:4 predictive"],
];

/** Whose decoders decode it as well, best first. */
const decodedBy: Readonly<Record<H264Profile, readonly H264Profile[]>> = {
  "constrained baseline": ["baseline", "main", "constrained high", "high"],
  "baseline": [],
  "main": ["high"],
  "constrained high": ["high", "main"],
  "high": [],
  "high 4:4:4 predictive": [],
  "other": [],
};

/** RFC 6184 §8.1: what a missing parameter stands for. */
const defaultId = "420010";

/** `id`: six hexadecimal digits; undefined when it is missing. */
export function h264Profile(id: string | undefined): H264Profile {
  const text = id ?? defaultId;
  if (!/^[0-9a-f]{6}$/i.test(text)) return "other";
  return ofBytes(parseInt(text.slice(0, 2), 16), parseInt(text.slice(2, 4), 16));
}

/** Of a sequence parameter set; null when it is too short. */
export function h264ProfileOfSps(sps: Uint8Array): H264Profile | null {
  return sps.length < 4 ? null : ofBytes(sps[1], sps[2]);
}

function ofBytes(idc: number, constraints: number): H264Profile {
  return table.find(([id, mask, value]) => id === idc && (constraints & mask) === value)?.[3] ?? "other";
}

/** How well a decoder for `offered` suits `stream`: 0 exactly, more is worse, Infinity when it is not said to. */
export function h264Rank(stream: H264Profile, offered: H264Profile): number {
  if (stream === offered) return 0;
  const place = decodedBy[stream].indexOf(offered);
  return place < 0 ? Infinity : place + 1;
}
