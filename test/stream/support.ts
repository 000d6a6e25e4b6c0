import { createLogger } from "../../src/base/logger.ts";
import type { Codec } from "../../src/codecs/codec.ts";
import type { RtpMedia } from "../../src/rtp/format.ts";
import { buildRtpPacket, type RtpPacket } from "../../src/rtp/packet.ts";
import { type Track, tracksFromMedias } from "../../src/stream/track.ts";

export const h264: Codec = { name: "H264", packetizationMode: 1 };
export const opus: Codec = { name: "Opus", channelCount: 2 };

export const medias: readonly RtpMedia[] = [
  { kind: "video", formats: [{ codec: h264, payloadType: 96, clockRate: 90000 }] },
  { kind: "audio", formats: [{ codec: opus, payloadType: 97, clockRate: 48000 }] },
];

export const maxRtpPayload = 1000;

export function createTracks(): { video: Track; audio: Track } {
  const [video, audio] = tracksFromMedias(medias, maxRtpPayload);
  return { video, audio };
}

export function nal(type: number, size = 10): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size).fill(7);
  bytes[0] = 0x60 | type;
  return bytes;
}

export function packet(
  sequence: number,
  timestamp: number,
  payload: Uint8Array,
  marker = true,
  payloadType = 96,
): RtpPacket {
  return buildRtpPacket({ payloadType, sequence, timestamp, ssrc: 1, marker }, [payload]);
}

export function recordLog() {
  const lines: string[] = [];
  return { lines, logger: createLogger((level, text) => void lines.push(`${level} ${text}`), () => true) };
}
