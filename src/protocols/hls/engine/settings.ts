/** What the configuration says about muxers. */
export type HlsVariant = "mpegts" | "fmp4" | "lowLatency";

/** The `hls…` keys that muxers read. */
export interface MuxerSettings {
  readonly variant: HlsVariant;
  /** Segments in a playlist. */
  readonly segmentCount: number;
  /** Milliseconds. */
  readonly segmentDuration: number;
  /** Milliseconds. */
  readonly partDuration: number;
  /** Bytes; a segment that outgrows it ends the muxer. */
  readonly segmentMaxSize: number;
  /** In front of all file names, so that caches never mix up two runs: 12 hexadecimal digits. */
  readonly prefix: string;
}

/** The smallest `segmentCount`: RFC 8216bis §6.2.2 wants three target durations, LL readers need history to join. */
export function minSegmentCount(variant: HlsVariant): number {
  return variant === "lowLatency" ? 7 : 3;
}

/** Closed segments without which a playlist is not shown: players need something to start with. */
export function requiredSegments(variant: HlsVariant): number {
  return variant === "fmp4" ? 2 : 1;
}

/** A sample that lasts longer is a hole in the stream. Milliseconds. */
export const maxSampleDuration = 5000;
/** Presentation time of the first sample, in seconds: leaves room for decoding times before it. */
export const startTime = 10;
