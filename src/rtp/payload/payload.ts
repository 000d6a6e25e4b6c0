/**
 * What every RTP payload format offers. One folder or file per codec implements it; `formats.ts` is the table.
 *
 * A unit is all packets of one timestamp (see `endsUnit`), hence depacketizing needs no memory between units: it is
 * a function over the packets of one unit. Lost packets show as gaps in the sequence numbers; the function drops
 * what is broken and returns the rest, or `null` when nothing usable is left.
 */
import type { Codec } from "../../codecs/codec.ts";
import type { RtpFragment, RtpPacket } from "../packet.ts";

/** The largest payload (all codecs) that one unit may be put together to; beyond it the unit is dropped. */
export const maxUnitSize = 32 * 1024 * 1024;
/** The most packets that one unit may consist of. */
export const maxUnitPackets = 32 * 1024;

export interface DepacketizeResult {
  /** In the form that `codec.ts` lists for the codec; null when the unit has nothing usable. */
  readonly payload: Uint8Array[] | null;
  /** Why parts were dropped: one short text each, e.g. `FU-A start is missing`. Empty when all was well. */
  readonly errors: readonly string[];
}

export interface PayloadFormat<C extends Codec = Codec> {
  /** What packets hold is not known: they cannot be cut, and making them anew would only lose their marks. */
  readonly isOpaque?: true;
  /**
   * True when no further packet of the same timestamp belongs to this unit. Where the marker bit is reliable that
   * is the marker; for formats in which every packet stands alone it is always true.
   */
  endsUnit(packet: RtpPacket): boolean;
  /** Packets of one unit in sequence order → payload. Never throws on bad input. */
  depacketize(packets: readonly RtpPacket[], codec: C): DepacketizeResult;
  /**
   * Payload → RTP payloads of at most `maxPayload` bytes each, in order. `clockRate` is the track's; without it the
   * one that the payload format prescribes for the codec.
   */
  packetize(payload: readonly Uint8Array[], codec: C, maxPayload: number, clockRate?: number): RtpFragment[];
  /** Cheap look at packets, without depacketizing: can decoding start at this unit? Absent: always. */
  isRandomAccess?(packets: readonly RtpPacket[]): boolean;
  /** The same from the payload. Absent: always. */
  isRandomAccessPayload?(payload: readonly Uint8Array[]): boolean;
  /**
   * Parameters that the unit carries in band: a new codec value when they differ from `codec`, else the same
   * object. Absent: the codec has none.
   */
  updateCodec?(payload: readonly Uint8Array[], codec: C): C;
  /** Like `updateCodec`, but a cheap look at packets. */
  updateCodecFromPackets?(packets: readonly RtpPacket[], codec: C): C;
  /**
   * Duration of the unit in ticks of `clockRate` (as in `packetize`) where the payload says so (audio); absent for
   * video. What cannot be read counts 0.
   */
  duration?(payload: readonly Uint8Array[], codec: C, clockRate?: number): number;
}
