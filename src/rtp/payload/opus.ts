/** Opus (RFC 7587 §4.2): one packet in one packet. `multiopus` (libwebrtc) carries multistream packets likewise. */
import { concat } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { rescale } from "../../base/time.ts";
import type { OpusCodec } from "../../codecs/codec.ts";
import {
  opusClockRate,
  opusFrameSamples,
  opusPacketSamples,
  splitOpusPacket,
} from "../../codecs/opus/packet.ts";
import type { RtpFragment } from "../packet.ts";
import type { PayloadFormat } from "./payload.ts";

/**
 * RFC 7587 knows no fragmentation: a packet of several frames that is too large goes out frame by frame. A packet
 * of one frame or of several streams stays whole, at most 1276 bytes a stream.
 */
function withinLimit(packet: Uint8Array, codec: OpusCodec, maxPayload: number): Uint8Array[] {
  if (packet.length <= maxPayload || codec.channelCount > 2) return [packet];
  try {
    const toc = Uint8Array.of(packet[0] & 0xfc);
    return splitOpusPacket(packet).map((frame) => concat([toc, frame]));
  } catch (error) {
    if (error instanceof ParseError) return [packet];
    throw error;
  }
}

function packetize(
  payload: readonly Uint8Array[],
  codec: OpusCodec,
  maxPayload: number,
  clockRate = opusClockRate,
): RtpFragment[] {
  let samples = 0;
  const fragments: RtpFragment[] = [];
  for (const packet of payload) {
    const pieces = withinLimit(packet, codec, maxPayload);
    for (const piece of pieces) {
      const timestampOffset = rescale(samples, opusClockRate, clockRate);
      fragments.push({ parts: [piece], marker: false, timestampOffset });
      samples += pieces.length === 1 ? opusPacketSamples(piece) : opusFrameSamples(piece[0]);
    }
  }
  return fragments;
}

export const opusFormat: PayloadFormat<OpusCodec> = {
  endsUnit: () => true,
  depacketize: (packets) => {
    const payload = packets.map((packet) => packet.payload).filter((bytes) => bytes.length > 0);
    const errors = payload.length < packets.length ? ["Opus packet is empty"] : [];
    return { payload: payload.length === 0 ? null : payload, errors };
  },
  packetize,
  duration: (payload, _codec, clockRate = opusClockRate) =>
    rescale(payload.reduce((sum, packet) => sum + opusPacketSamples(packet), 0), opusClockRate, clockRate),
};
