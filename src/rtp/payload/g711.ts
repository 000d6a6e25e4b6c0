import type { G711Codec } from "../../codecs/codec.ts";
import { samplesFormat } from "./samples.ts";

/** PCMU and PCMA (RFC 3551 §4.5.14): one byte a sample and channel. */
export const g711Format = samplesFormat<G711Codec>((codec) => ({
  size: codec.channelCount,
  rate: codec.sampleRate,
}));
