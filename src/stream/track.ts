import type { Codec, MediaKind } from "../codecs/codec.ts";
import { isVideo } from "../codecs/codec.ts";
import type { RtpMedia } from "../rtp/format.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { payloadFormat } from "../rtp/payload/formats.ts";
import { RtpStreamWriter } from "../rtp/stream_writer.ts";
import { TrackFlow } from "./track_flow.ts";

/**
 * One codec of a stream. Its parameters may change while the stream runs (a publisher that sends new parameter
 * sets in band); whoever needs them reads `codec` when it needs them.
 */
export class Track {
  codec: Codec;
  /** What has come of it. */
  readonly flow: TrackFlow = new TrackFlow();
  /** Where faults of single units go; set by the stream, which gathers them into few log lines. */
  reportError: (text: string) => void = () => {};
  #writer: RtpStreamWriter | undefined;

  constructor(
    /** Position in the stream, from 0. */
    readonly id: number,
    /** Position of its m= section: several formats of one section share it. */
    readonly mediaIndex: number,
    readonly kind: MediaKind,
    codec: Codec,
    readonly payloadType: number,
    /** Ticks per second of `Unit.pts`. */
    readonly clockRate: number,
    /** The largest RTP payload, in bytes, that `packetize` may make. */
    readonly maxRtpPayload: number,
  ) {
    this.codec = codec;
  }

  get isVideo(): boolean {
    return isVideo(this.codec);
  }

  /**
   * Packets that are made from now on go on where those of the publisher stand, so that readers see one numbering.
   * `timestamp` is what `pts` has been.
   */
  continueFrom(sequence: number, timestamp: number, pts: number): void {
    this.#writer = new RtpStreamWriter({
      payloadType: this.payloadType,
      sequence,
      timestampOffset: (timestamp - pts) >>> 0,
    });
  }

  /** RTP packets of a payload, numbered after those of the last call. */
  packetize(payload: readonly Uint8Array[], pts: number): readonly RtpPacket[] {
    this.#writer ??= new RtpStreamWriter({ payloadType: this.payloadType });
    const fragments = payloadFormat(this.codec).packetize(
      payload,
      this.codec,
      this.maxRtpPayload,
      this.clockRate,
    );
    return this.#writer.write(fragments, pts);
  }
}

export function tracksFromMedias(medias: readonly RtpMedia[], maxRtpPayload: number): Track[] {
  const tracks: Track[] = [];
  medias.forEach((media, mediaIndex) => {
    for (const { codec, payloadType, clockRate } of media.formats) {
      tracks.push(
        new Track(tracks.length, mediaIndex, media.kind, codec, payloadType, clockRate, maxRtpPayload),
      );
    }
  });
  return tracks;
}

/** `1 track (H264)`, `2 tracks (H264, MPEG-4 Audio)`: the form of the log. */
export function tracksText(tracks: readonly Track[]): string {
  const names = tracks.map((track) => track.codec.name).join(", ");
  return `${tracks.length} ${tracks.length === 1 ? "track" : "tracks"} (${names})`;
}
