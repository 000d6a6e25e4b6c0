/** Segments of the `mpegts` variant. */
import { ParseError } from "../../base/errors.ts";
import type { Codec } from "../../codecs/codec.ts";
import type { Fmp4Codec } from "../../containers/fmp4/mod.ts";
import { MpegtsMuxer, type MuxerTrack } from "../../containers/mpegts/muxer.ts";
import type { SegmentSample, SegmentWriter, SegmentWriterFactory } from "./engine/mod.ts";

/** As RFC 3640's AAC-hbr; MPEG-TS has no use for the sizes. */
const aacFormat = { sizeLength: 13, indexLength: 3, indexDeltaLength: 3, profileLevelId: 1 };

interface WriterTrack extends MuxerTrack {
  /** Parameter sets beyond the first ones, which go in front of key frames. */
  readonly extra: readonly Uint8Array[];
}

/** One writer for as long as the parameters stay the same: counters go on from segment to segment. */
export const mpegtsWriter: SegmentWriterFactory = (codecs) =>
  new MpegtsSegmentWriter(codecs.map(writerTrack));

function writerTrack(codec: Fmp4Codec): WriterTrack {
  const track = (codec: Codec, extra: readonly Uint8Array[] = []) => ({ codec, extra });
  switch (codec.name) {
    case "H264": {
      const [sps, ...moreSps] = codec.sps;
      const [pps, ...morePps] = codec.pps;
      return track({ name: "H264", sps, pps, packetizationMode: 1 }, [...moreSps, ...morePps]);
    }
    case "MPEG-4 Audio":
      return track({ name: "MPEG-4 Audio", config: codec.config, ...aacFormat });
    default:
      throw new ParseError("codec", `${codec.name} has no place in MPEG-TS segments`);
  }
}

class MpegtsSegmentWriter implements SegmentWriter {
  readonly #muxer: MpegtsMuxer;
  #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(private readonly tracks: readonly WriterTrack[]) {
    this.#muxer = new MpegtsMuxer(tracks);
  }

  get size(): number {
    return this.#size;
  }

  write(index: number, { pts, dts, randomAccess, payload }: SegmentSample): void {
    const track = this.tracks[index];
    const units = randomAccess && track.extra.length > 0 ? [...track.extra, ...payload] : payload;
    try {
      const bytes = this.#muxer.write(track, units, pts, dts, randomAccess);
      this.#pieces.push(bytes);
      this.#size += bytes.length;
    } catch (error) {
      // One frame that cannot be expressed is left out; the others go on.
      if (!(error instanceof ParseError)) throw error;
    }
  }

  finish(): Uint8Array<ArrayBuffer> {
    const segment = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      segment.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#size = 0;
    this.#muxer.startSegment();
    return segment;
  }
}
