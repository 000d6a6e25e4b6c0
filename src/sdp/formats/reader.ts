import type { Codec } from "../../codecs/codec.ts";
import type { FormatText } from "../format_text.ts";

/** A codec with the clock rate of its timestamps. */
export interface ReadFormat {
  readonly codec: Codec;
  readonly clockRate: number;
}

/** Null when the text says something that this codec cannot be: the format is then carried as a generic one. */
export type FormatReader = (format: FormatText) => ReadFormat | null;

/** How a codec is written into SDP. An empty text means that the line is left out. */
export interface WrittenFormat {
  readonly rtpmap: string;
  readonly fmtp: string;
}
