import type { LpcmCodec } from "../../codecs/codec.ts";
import { samplesFormat } from "./samples.ts";

/** L8, L16 (RFC 3551 §4.5.10, §4.5.11) and L24 (RFC 3190 §4): big-endian samples. */
export const lpcmFormat = samplesFormat<LpcmCodec>((codec) => ({
  size: codec.bitDepth / 8 * codec.channelCount,
  rate: codec.sampleRate,
}));
