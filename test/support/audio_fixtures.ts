/** Audio captured from FFmpeg 5.1 and GStreamer 1.22: elementary streams, and the RTP and RTCP packets made of them. */
import data from "../fixtures/rtp_audio.json" with { type: "json" };
import { parseRtpPacket, type RtpPacket } from "../../src/rtp/packet.ts";
import { fromHex } from "./assert.ts";

export function audioStream(name: keyof typeof data.streams): Uint8Array {
  return fromHex(data.streams[name]);
}

export function capturedPackets(name: keyof typeof data.captures): RtpPacket[] {
  return data.captures[name].map((text) => parseRtpPacket(fromHex(text)));
}

export const capturedRtcp: Readonly<Record<"ffmpeg" | "gstreamer", Uint8Array>> = {
  ffmpeg: fromHex(data.rtcp.ffmpeg[0]),
  gstreamer: fromHex(data.rtcp.gstreamer[0]),
};
