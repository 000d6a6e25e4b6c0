/** What turns the PES packets of one PID into units. */
import type { Codec } from "../../../codecs/codec.ts";

/** In 90 kHz ticks, unwrapped. */
export interface PesTime {
  readonly pts: number;
  readonly dts: number;
}

export interface DecoderSink {
  /** In the form that `codecs/codec.ts` lists. */
  unit(payload: readonly Uint8Array[], time: PesTime, randomAccess: boolean, codec: Codec): void;
  /** Something was dropped. */
  error(text: string): void;
}

export interface ElementaryDecoder {
  /** Null until a frame has told it; a new object when it changes. */
  readonly codec: Codec | null;
  /** `data` is one whole PES packet; `time` is null when it has none, `aligned` that a frame starts with it. */
  decode(data: Uint8Array, time: PesTime | null, aligned: boolean, sink: DecoderSink): void;
  /** A PES packet before the next one was lost. */
  reset(): void;
  /** The stream ends. */
  flush(sink: DecoderSink): void;
}
