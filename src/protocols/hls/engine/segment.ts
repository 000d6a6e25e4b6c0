/** What a playlist lists. All durations are in seconds. */

/** Partial segment, RFC 8216bis §4.4.4.9. */
export interface Part {
  readonly name: string;
  readonly duration: number;
  /** Starts with a random access point. */
  readonly independent: boolean;
}

export interface Segment {
  /** Media sequence number. */
  readonly msn: number;
  readonly name: string;
  readonly duration: number;
  /** Absolute time of its start in ms since 1970; null for a gap. */
  readonly ntp: number | null;
  /** Decoders start anew here. */
  readonly discontinuity: boolean;
  /** There are no media (EXT-X-GAP). */
  readonly gap: boolean;
  /** The init segment in force; null in MPEG-TS. */
  readonly map: string | null;
  readonly parts: readonly Part[];
  /** Bytes; 0 for a gap. */
  readonly size: number;
}

/** The segment that is being filled. */
export interface OpenSegment {
  readonly msn: number;
  readonly ntp: number | null;
  readonly discontinuity: boolean;
  readonly map: string | null;
  readonly parts: readonly Part[];
}
