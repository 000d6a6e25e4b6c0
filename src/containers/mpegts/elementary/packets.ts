/** Opus and KLV: nothing of them goes over the borders of PES packets. */
import { errorText, ParseError } from "../../../base/errors.ts";
import type { Codec } from "../../../codecs/codec.ts";
import { opusClockRate, opusPacketSamples } from "../../../codecs/opus/packet.ts";
import { parseMetadataCells } from "../wire/metadata_cell.ts";
import { parseOpusAccessUnit } from "../wire/opus_control_header.ts";
import { clockRate } from "../wire/timestamp.ts";
import type { DecoderSink, ElementaryDecoder, PesTime } from "./decoder.ts";

export class OpusDecoder implements ElementaryDecoder {
  readonly codec: Codec;
  /** PTS of the next packet. */
  #next: number | null = null;

  constructor(channelCount: number) {
    this.codec = { name: "Opus", channelCount };
  }

  decode(data: Uint8Array, time: PesTime | null, _aligned: boolean, sink: DecoderSink): void {
    const packets: Uint8Array[] = [];
    let samples = 0;
    try {
      for (let at = 0; at < data.length;) {
        const { packet, end } = parseOpusAccessUnit(data, at);
        packets.push(packet);
        samples += opusPacketSamples(packet);
        at = end;
      }
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      sink.error(errorText(error));
    }
    if (packets.length === 0) return;
    const pts = time?.pts ?? this.#next;
    if (pts === null) {
      sink.error("the first PTS is missing");
      return;
    }
    this.#next = pts + Math.round(samples * clockRate / opusClockRate);
    sink.unit(packets, { pts, dts: pts }, true, this.codec);
  }

  reset(): void {
    this.#next = null;
  }

  flush(): void {}
}

/** MISB ST 1402. Asynchronous KLV has no times of its own. */
export class KlvDecoder implements ElementaryDecoder {
  readonly codec: Codec = { name: "KLV" };

  /** `lastTime` is the newest time of the program, null before the first. */
  constructor(private readonly inCells: boolean, private readonly lastTime: () => PesTime | null) {}

  decode(data: Uint8Array, time: PesTime | null, _aligned: boolean, sink: DecoderSink): void {
    const when = time ?? this.lastTime();
    if (when === null) {
      sink.error("KLV without PTS comes before the first PTS of another track");
      return;
    }
    try {
      const unit = this.inCells ? parseMetadataCells(data) : data;
      if (unit.length > 0) sink.unit([unit], { pts: when.pts, dts: when.pts }, true, this.codec);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      sink.error(errorText(error));
    }
  }

  reset(): void {}

  flush(): void {}
}
