import type { Codec, MediaKind } from "../codecs/codec.ts";
import { isVideo } from "../codecs/codec.ts";
import type { RtpMedia } from "../rtp/format.ts";

/**
 * One codec of a stream. Its parameters may change while the stream runs (a publisher that sends new parameter
 * sets in band); whoever needs them reads `codec` when it needs them.
 */
export class Track {
  codec: Codec;

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
  ) {
    this.codec = codec;
  }

  get isVideo(): boolean {
    return isVideo(this.codec);
  }
}

export function tracksFromMedias(medias: readonly RtpMedia[]): Track[] {
  const tracks: Track[] = [];
  medias.forEach((media, mediaIndex) => {
    for (const format of media.formats) {
      tracks.push(
        new Track(tracks.length, mediaIndex, media.kind, format.codec, format.payloadType, format.clockRate),
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
