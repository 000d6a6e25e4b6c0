/** RTP payload format for MPEG-1 and MPEG-2 video elementary streams: RFC 2250 §3. */
import { hasSequenceOrGroup, StartCode } from "../../codecs/mpeg1video/start_codes.ts";
import type { Mpeg1VideoCodec } from "../../codecs/codec.ts";
import type { RtpPacket } from "../packet.ts";
import { joinFrame } from "./frame_joiner.ts";
import { dataStart } from "./mpeg1_video/header.ts";
import { packetizeMpeg1Video } from "./mpeg1_video/packetize.ts";
import type { PayloadFormat } from "./payload.ts";

/** The code of the start code at the beginning of the data, or -1. */
function leadingCode(payload: Uint8Array): number {
  const at = dataStart(payload);
  if (at < 0 || at + 4 > payload.length) return -1;
  return payload[at] === 0 && payload[at + 1] === 0 && payload[at + 2] === 1 ? payload[at + 3] : -1;
}

function beginsPicture(payload: Uint8Array): boolean {
  const code = leadingCode(payload);
  return code === StartCode.picture || code === StartCode.sequenceHeader || code === StartCode.group;
}

function isRandomAccess(packets: readonly RtpPacket[]): boolean {
  for (const packet of packets) if (hasSequenceOrGroup(packet.payload)) return true;
  return false;
}

export const mpeg1VideoFormat: PayloadFormat<Mpeg1VideoCodec> = {
  endsUnit: (packet) => packet.marker,
  depacketize: (packets) => joinFrame(packets, dataStart, beginsPicture),
  packetize: packetizeMpeg1Video,
  isRandomAccess,
  isRandomAccessPayload: (payload) => payload.length > 0 && hasSequenceOrGroup(payload[0]),
};
