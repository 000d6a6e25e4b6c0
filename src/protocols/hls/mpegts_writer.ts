import { concat } from "../../base/bytes.ts";
import { UserError } from "../../base/errors.ts";
import type { Codec } from "../../codecs/codec.ts";
import type { Fmp4Codec } from "../../containers/fmp4/mod.ts";
import { MpegtsMuxer, type MuxerTrack } from "../../containers/mpegts/muxer.ts";
import type { SegmentSample, SegmentWriter } from "./engine/mod.ts";

interface WrittenTrack extends MuxerTrack {
  /** Parameter sets that stand in front of every random access point. */
  readonly parameterSets: readonly Uint8Array[];
}

/** The segments of the `mpegts` variant: H.264 and AAC in MPEG-TS, each beginning with PAT and PMT. */
export class MpegtsSegmentWriter implements SegmentWriter {
  readonly #tracks: readonly WrittenTrack[];
  readonly #muxer: MpegtsMuxer;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(codecs: readonly Fmp4Codec[]) {
    this.#tracks = codecs.map(toTrack);
    this.#muxer = new MpegtsMuxer(this.#tracks);
    this.#muxer.startSegment();
  }

  get size(): number {
    return this.#size;
  }

  write(track: number, sample: SegmentSample): void {
    const { pts, dts, randomAccess, payload } = sample;
    const { parameterSets } = this.#tracks[track];
    const whole = randomAccess && parameterSets.length > 0 ? [...parameterSets, ...payload] : payload;
    const bytes = this.#muxer.write(this.#tracks[track], whole, pts, dts, randomAccess);
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const segment = concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    this.#muxer.startSegment();
    return segment;
  }
}

function toTrack(codec: Fmp4Codec): WrittenTrack {
  switch (codec.name) {
    case "H264":
      return track({ name: "H264", packetizationMode: 1 }, [...codec.sps, ...codec.pps]);
    case "MPEG-4 Audio":
      return track({
        name: "MPEG-4 Audio",
        config: codec.config,
        sizeLength: 13,
        indexLength: 3,
        indexDeltaLength: 3,
        profileLevelId: 1,
      });
    default:
      throw new UserError(`the mpegts variant of HLS cannot carry ${codec.name}`);
  }
}

function track(codec: Codec, parameterSets: readonly Uint8Array[] = []): WrittenTrack {
  return { codec, parameterSets };
}
