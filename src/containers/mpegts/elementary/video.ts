/** Video: each PES packet is an access unit (ETSI TS 101 154 §4.1.5 asks for it, and all senders of today do it). */
import { concat } from "../../../base/bytes.ts";
import { errorText, ParseError } from "../../../base/errors.ts";
import type { Codec } from "../../../codecs/codec.ts";
import * as h264 from "../../../codecs/h264/nal.ts";
import * as h265 from "../../../codecs/h265/nal.ts";
import { hasSequenceOrGroup } from "../../../codecs/mpeg1video/start_codes.ts";
import { startsWithIntra } from "../../../codecs/mpeg4video/start_codes.ts";
import { splitAnnexB } from "../../../codecs/nal/annexb.ts";
import { maxPesSize } from "../pes_assembler.ts";
import type { DecoderSink, ElementaryDecoder, PesTime } from "./decoder.ts";

export interface VideoFormat {
  readonly codec: Codec;
  /** The payload of a unit; empty when there is nothing in the bytes. Throws ParseError. */
  split(data: Uint8Array): Uint8Array[];
  randomAccess(payload: readonly Uint8Array[]): boolean;
}

/** PES packets that are joined to one frame: of 64 KiB each, all that fits would be 256. */
const maxPieces = 4096;

function wholeFrame(data: Uint8Array): Uint8Array[] {
  return data.length === 0 ? [] : [data];
}

export const h264Video: VideoFormat = {
  codec: { name: "H264", packetizationMode: 1 },
  split: (data) =>
    splitAnnexB(data).filter((unit) => h264.nalType(unit) !== h264.NalType.accessUnitDelimiter),
  randomAccess: h264.hasIdr,
};

export const h265Video: VideoFormat = {
  codec: { name: "H265" },
  split: (data) =>
    splitAnnexB(data).filter((unit) =>
      unit.length >= h265.nalHeaderSize && h265.nalType(unit) !== h265.NalType.accessUnitDelimiter
    ),
  randomAccess: h265.hasIrap,
};

export const mpeg4Video: VideoFormat = {
  codec: { name: "MPEG-4 Video" },
  split: wholeFrame,
  randomAccess: ([frame]) => startsWithIntra(frame) === true,
};

export const mpeg1Video: VideoFormat = {
  codec: { name: "MPEG-1/2 Video" },
  split: wholeFrame,
  randomAccess: ([frame]) => hasSequenceOrGroup(frame),
};

export class VideoDecoder implements ElementaryDecoder {
  readonly codec: Codec;
  /**
   * Some hardware encoders cut large frames into PES packets of 64 KiB, of which only the first has times. Once that
   * was seen, a frame is given out when the next one begins.
   */
  #joins = false;
  #held: { readonly parts: Uint8Array[]; readonly time: PesTime; size: number } | null = null;

  constructor(private readonly format: VideoFormat) {
    this.codec = format.codec;
  }

  decode(data: Uint8Array, time: PesTime | null, _aligned: boolean, sink: DecoderSink): void {
    if (time === null) {
      this.#continue(data, sink);
    } else if (this.#joins) {
      this.flush(sink);
      this.#held = { parts: [data], time, size: data.length };
    } else {
      this.#give(data, time, sink);
    }
  }

  #continue(data: Uint8Array, sink: DecoderSink): void {
    if (!this.#joins) {
      this.#joins = true;
      sink.error("a PES packet without PTS: from now on such packets are joined to the one before");
    } else if (this.#held !== null) {
      this.#held.parts.push(data);
      this.#held.size += data.length;
      if (this.#held.size > maxPesSize) this.#giveUp(`${maxPesSize} bytes`, sink);
      else if (this.#held.parts.length > maxPieces) this.#giveUp(`${maxPieces} pieces`, sink);
    }
  }

  #giveUp(limit: string, sink: DecoderSink): void {
    this.#held = null;
    sink.error(`a frame has more than ${limit}`);
  }

  reset(): void {
    this.#held = null;
  }

  flush(sink: DecoderSink): void {
    const held = this.#held;
    this.#held = null;
    if (held !== null) {
      this.#give(held.parts.length === 1 ? held.parts[0] : concat(held.parts), held.time, sink);
    }
  }

  #give(data: Uint8Array, time: PesTime, sink: DecoderSink): void {
    try {
      const payload = this.format.split(data);
      if (payload.length === 0) return;
      sink.unit(payload, time, this.format.randomAccess(payload), this.codec);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      sink.error(errorText(error));
    }
  }
}
