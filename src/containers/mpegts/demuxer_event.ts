/** What comes out of the demuxer. */
import type { Codec } from "../../codecs/codec.ts";

export class DemuxerTrack {
  /** Its parameters may change: see the event `codec`. */
  codec: Codec;

  constructor(
    /** Position among all streams of the program, from 1. */
    readonly number: number,
    readonly pid: number,
    codec: Codec,
  ) {
    this.codec = codec;
  }
}

/** A stream of the program that is not carried further. */
export interface SkippedStream {
  /** Position among all streams of the program, from 1. */
  readonly number: number;
  readonly pid: number;
  /** The codec, or why. */
  readonly label: string;
}

export type DemuxerEvent =
  /**
   * All tracks of the program, before their first units; again when the program changes. Tracks that go on are the
   * same objects. May be empty.
   */
  | {
    readonly type: "tracks";
    readonly tracks: readonly DemuxerTrack[];
    readonly skipped: readonly SkippedStream[];
  }
  /** `track.codec` is another one for the units that follow. */
  | { readonly type: "codec"; readonly track: DemuxerTrack; readonly codec: Codec }
  /** Times in 90 kHz ticks, unwrapped on one line for all tracks; `dts` never above `pts`. */
  | {
    readonly type: "unit";
    readonly track: DemuxerTrack;
    /** In the form that `codecs/codec.ts` lists; views of memory that the demuxer does not use again. */
    readonly payload: readonly Uint8Array[];
    readonly pts: number;
    readonly dts: number;
    readonly randomAccess: boolean;
  }
  /** Something was lost or not understood and has been left out. One sentence; come often, so gather them. */
  | { readonly type: "error"; readonly text: string };

/** The line for the log, with MediaMTX's words in front. */
export function skippedText({ number, label }: SkippedStream): string {
  return `skipping track ${number} (unsupported codec): ${label}`;
}
