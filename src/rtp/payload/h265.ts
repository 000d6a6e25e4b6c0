/**
 * RTP payload format for H.265: RFC 7798.
 *
 * Read: single NAL unit packets, aggregation packets, fragmentation units, decoding order numbers when
 * sprop-max-don-diff is above 0. PACI packets are dropped with an error: nothing negotiates them.
 * Written: the same three.
 */
import { bytesEqual } from "../../base/bytes.ts";
import type { H265Codec } from "../../codecs/codec.ts";
import { hasIrap, maxParameterSetSize, NalType, nalType } from "../../codecs/h265/nal.ts";
import type { RtpPacket } from "../packet.ts";
import { depacketizeH265 } from "./h265/depacketize.ts";
import { packetsHaveIrap, packetsHaveParameters } from "./h265/look.ts";
import { packetizeH265 } from "./h265/packetize.ts";
import type { PayloadFormat } from "./payload.ts";

/** The known bytes when they are the same; else a copy, as a view would keep a whole receive buffer alive. */
function newer(seen: Uint8Array | undefined, known: Uint8Array | undefined): Uint8Array | undefined {
  if (seen === known || seen === undefined) return known;
  return known !== undefined && bytesEqual(seen, known) ? known : seen.slice();
}

function updateCodec(accessUnit: readonly Uint8Array[], codec: H265Codec): H265Codec {
  let { vps, sps, pps } = codec;
  for (const unit of accessUnit) {
    if (unit.length > maxParameterSetSize) continue;
    const type = nalType(unit);
    if (type === NalType.vps) vps = unit;
    else if (type === NalType.sps) sps = unit;
    else if (type === NalType.pps) pps = unit;
  }
  vps = newer(vps, codec.vps);
  sps = newer(sps, codec.sps);
  pps = newer(pps, codec.pps);
  if (vps === codec.vps && sps === codec.sps && pps === codec.pps) return codec;
  return { ...codec, vps, sps, pps };
}

function updateCodecFromPackets(packets: readonly RtpPacket[], codec: H265Codec): H265Codec {
  if (!packetsHaveParameters(packets, codec)) return codec;
  return updateCodec(depacketizeH265(packets, codec).payload ?? [], codec);
}

export const h265Format: PayloadFormat<H265Codec> = {
  endsUnit: (packet) => packet.marker,
  depacketize: depacketizeH265,
  packetize: packetizeH265,
  isRandomAccess: packetsHaveIrap,
  isRandomAccessPayload: hasIrap,
  updateCodec,
  updateCodecFromPackets,
};
