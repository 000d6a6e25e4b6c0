/** Where the leading rendition began a segment: the others follow, so that sequence numbers mean the same everywhere. */
export interface Boundary {
  /** Seconds of the muxer's timeline. */
  readonly time: number;
  readonly discontinuity: boolean;
}
