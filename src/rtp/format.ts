/** One payload format of one m= section: what SDP, tracks and payload types have in common. */
import type { Codec, MediaKind } from "../codecs/codec.ts";

export interface RtpFormat {
  readonly codec: Codec;
  /** 0…127 */
  readonly payloadType: number;
  /** Ticks per second of timestamps. */
  readonly clockRate: number;
}

export interface RtpMedia {
  readonly kind: MediaKind;
  readonly formats: readonly RtpFormat[];
}
