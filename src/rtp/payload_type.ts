import type { Codec } from "../codecs/codec.ts";

const dynamicType = 96;
const pcmu = 0;
const pcma = 8;
const mpegAudio = 14;
const staticG711Rate = 8000;

/**
 * The payload type for a track that came without one: the static one where RFC 3551 §6 has it, since some players know
 * these codecs by it only, else the first dynamic one.
 */
export function payloadTypeOf(codec: Codec): number {
  switch (codec.name) {
    case "MPEG-1/2 Audio":
      return mpegAudio;
    case "G711":
      if (codec.sampleRate !== staticG711Rate || codec.channelCount !== 1) return dynamicType;
      return codec.muLaw ? pcmu : pcma;
    default:
      return dynamicType;
  }
}
