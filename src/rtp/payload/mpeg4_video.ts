/** RTP payload format for MPEG-4 Visual: RFC 6416 §5. No payload header: a frame is cut where it fits. */
import { bytesEqual } from "../../base/bytes.ts";
import type { Mpeg4VideoCodec } from "../../codecs/codec.ts";
import {
  configProfileLevel,
  configSize,
  maxConfigSize,
  startsWithIntra,
} from "../../codecs/mpeg4video/start_codes.ts";
import type { RtpFragment, RtpPacket } from "../packet.ts";
import { joinFrame } from "./frame_joiner.ts";
import type { PayloadFormat } from "./payload.ts";

function beginsWithStartCode(payload: Uint8Array): boolean {
  return payload.length >= 4 && payload[0] === 0 && payload[1] === 0 && payload[2] === 1;
}

function packetize(
  payload: readonly Uint8Array[],
  _codec: Mpeg4VideoCodec,
  maxPayload: number,
): RtpFragment[] {
  const frame = payload[0] ?? new Uint8Array();
  const room = Math.max(1, maxPayload);
  const out: RtpFragment[] = [];
  for (let at = 0; at < frame.length; at += room) {
    out.push({ parts: [frame.subarray(at, at + room)], marker: at + room >= frame.length });
  }
  return out;
}

/** The VOP may stand behind headers that fill a packet of their own. */
function isRandomAccess(packets: readonly RtpPacket[]): boolean {
  for (const packet of packets) {
    const intra = startsWithIntra(packet.payload);
    if (intra !== null) return intra;
  }
  return false;
}

function updateCodec(payload: readonly Uint8Array[], codec: Mpeg4VideoCodec): Mpeg4VideoCodec {
  const frame = payload[0];
  if (frame === undefined || !beginsWithStartCode(frame)) return codec;
  const size = configSize(frame);
  // A lone video object layer repeats part of the configuration: only a whole one replaces it.
  if (size === 0 || size > maxConfigSize) return codec;
  const profileLevelId = configProfileLevel(frame.subarray(0, size));
  if (profileLevelId === undefined && codec.config !== undefined) return codec;
  if (codec.config !== undefined && bytesEqual(codec.config, frame.subarray(0, size))) return codec;
  return {
    ...codec,
    profileLevelId: profileLevelId ?? codec.profileLevelId,
    config: frame.slice(0, size),
  };
}

function depacketize(packets: readonly RtpPacket[]) {
  return joinFrame(packets, () => 0, beginsWithStartCode);
}

function updateCodecFromPackets(packets: readonly RtpPacket[], codec: Mpeg4VideoCodec): Mpeg4VideoCodec {
  if (packets.length === 0) return codec;
  const first = packets[0].payload;
  const size = beginsWithStartCode(first) ? configSize(first) : 0;
  if (size === 0) return codec;
  if (codec.config !== undefined && startsWith(first, codec.config, size)) return codec;
  return updateCodec(depacketize(packets).payload ?? [], codec);
}

function startsWith(bytes: Uint8Array, known: Uint8Array, size: number): boolean {
  if (known.length !== size) return false;
  for (let i = 0; i < size; i++) if (bytes[i] !== known[i]) return false;
  return true;
}

export const mpeg4VideoFormat: PayloadFormat<Mpeg4VideoCodec> = {
  endsUnit: (packet) => packet.marker,
  depacketize,
  packetize,
  isRandomAccess,
  isRandomAccessPayload: (payload) => payload.length > 0 && startsWithIntra(payload[0]) === true,
  updateCodec,
  updateCodecFromPackets,
};
