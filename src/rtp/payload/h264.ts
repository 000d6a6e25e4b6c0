/**
 * RTP payload format for H.264: RFC 6184.
 *
 * Read: single NAL unit packets, STAP-A, FU-A, and FU-B as if it were FU-A (its decoding order number is skipped).
 * STAP-B and MTAPs belong to the interleaved mode, which is never negotiated: they are dropped with an error.
 * Written: single NAL unit packets, STAP-A for small neighbours, FU-A.
 */
import { bytesEqual } from "../../base/bytes.ts";
import type { H264Codec } from "../../codecs/codec.ts";
import { hasIdr, maxParameterSetSize, NalType, nalType } from "../../codecs/h264/nal.ts";
import type { RtpPacket } from "../packet.ts";
import { depacketizeH264 } from "./h264/depacketize.ts";
import { packetsHaveIdr, packetsHaveParameters } from "./h264/look.ts";
import { packetizeH264 } from "./h264/packetize.ts";
import type { PayloadFormat } from "./payload.ts";

function updateCodec(accessUnit: readonly Uint8Array[], codec: H264Codec): H264Codec {
  let sps = codec.sps;
  let pps = codec.pps;
  for (const unit of accessUnit) {
    const type = nalType(unit);
    if (unit.length > maxParameterSetSize) continue;
    if (type === NalType.sps) sps = unit;
    else if (type === NalType.pps) pps = unit;
  }
  const sameSps = sps === codec.sps || (codec.sps !== undefined && bytesEqual(sps!, codec.sps));
  const samePps = pps === codec.pps || (codec.pps !== undefined && bytesEqual(pps!, codec.pps));
  if (sameSps && samePps) return codec;
  // Copies: the views would keep whole receive buffers alive.
  return { ...codec, sps: sameSps ? codec.sps : sps?.slice(), pps: samePps ? codec.pps : pps?.slice() };
}

function updateCodecFromPackets(packets: readonly RtpPacket[], codec: H264Codec): H264Codec {
  if (!packetsHaveParameters(packets, codec)) return codec;
  return updateCodec(depacketizeH264(packets).payload ?? [], codec);
}

export const h264Format: PayloadFormat<H264Codec> = {
  endsUnit: (packet) => packet.marker,
  depacketize: (packets) => depacketizeH264(packets),
  packetize: packetizeH264,
  isRandomAccess: packetsHaveIdr,
  isRandomAccessPayload: hasIdr,
  updateCodec,
  updateCodecFromPackets,
};
