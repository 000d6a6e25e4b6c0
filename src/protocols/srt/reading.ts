import { aeadTagSize } from "../../base/packet_crypto.ts";
import { UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { ReaderSeat } from "../../paths/mod.ts";
import { mpegtsCodecs } from "../../stream/mpegts_ingest.ts";
import type { Track } from "../../stream/track.ts";
import { carriedTracks, payloadSizeFor, SrtFanout, type SrtTarget } from "./fanout/srt_fanout.ts";
import type { CipherMode } from "./wire/key_material.ts";
import { headerSize, udpHeaderSize } from "./wire/packet.ts";

/** What a client has said of itself. */
export interface ReaderLimits {
  /** Of an IP packet, headers included. */
  readonly segmentSize: number;
  /** Null: nothing is encrypted. */
  readonly mode: CipherMode | null;
}

/** `maxDatagram`: UDP payload in bytes, as configured. */
export function readerPayloadSize({ segmentSize, mode }: ReaderLimits, maxDatagram: number): number {
  const most = Math.min(maxDatagram, segmentSize - udpHeaderSize);
  return payloadSizeFor(most, headerSize + (mode === "gcm" ? aeadTagSize : 0));
}

/** The side of a connection that reads. */
export class Reading {
  readonly tracks: readonly Track[];
  #stop: (() => void) | null = null;

  /** Throws UserError when the client can get nothing of the stream. */
  constructor(readonly seat: ReaderSeat, logger: Logger) {
    this.tracks = carriedTracks(seat.stream.tracks);
    if (this.tracks.length === 0) {
      throw new UserError(
        `the stream doesn't contain any supported codec, which are currently ${mpegtsCodecs}`,
      );
    }
    for (const track of seat.stream.tracks) {
      if (!this.tracks.includes(track)) logger.warn(`skipping track ${track.id + 1} (${track.codec.name})`);
    }
  }

  /** `payloadSize`: the most bytes of one packet. */
  play(target: SrtTarget, payloadSize: number, now: number): void {
    const { stream, conf } = this.seat;
    const fanout = stream.fanout(`srt:${payloadSize}`, () => new SrtFanout(stream, payloadSize));
    // A player keeps what it gets at the start as its delay, so the cache has to be asked for.
    this.#stop = fanout.add(target, conf.gopCache === "yes" ? stream.cachedUnits : [], now);
  }

  leave(): void {
    this.#stop?.();
    this.#stop = null;
    this.seat.leave();
  }
}
