import type { Fmp4Codec } from "../../../../containers/fmp4/mod.ts";
import type { Unit } from "../../../../stream/unit.ts";

/** One video frame or audio frame. */
export interface Sample {
  /** Ticks of the input's timescale; never above `pts`, and growing unless the stream starts anew. */
  readonly dts: number;
  readonly pts: number;
  /** Absolute time in ms since 1970. */
  readonly ntp: number;
  readonly randomAccess: boolean;
  /** Views; NAL units where `nalUnits` says so. */
  readonly payload: readonly Uint8Array[];
}

/** Turns the units of one track into samples. */
export interface TrackInput {
  readonly kind: "video" | "audio";
  /** Ticks per second. */
  readonly timescale: number;
  readonly nalUnits: boolean;
  /** Ticks that a sample lasts, as far as parameters tell; null when they do not. */
  readonly sampleDuration: number | null;
  /** Null until known. Another object after a change, from a random access point on. */
  readonly codec: Fmp4Codec | null;
  /** For playlists (RFC 6381); empty when `codec` is null. */
  readonly codecString: string;
  /** Frames per second as parameters state it. */
  readonly frameRate: number | null;
  /** In decoding order; empty when the unit has nothing usable. Does not throw on bad input. */
  read(unit: Unit): Sample[];
}

/** Takes one sentence about something wrong in the stream. */
export type Report = (text: string) => void;
