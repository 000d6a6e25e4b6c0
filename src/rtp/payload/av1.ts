/** RTP payload format for AV1: AOM "RTP Payload Format For AV1", version 1.0. */
import { bytesEqual } from "../../base/bytes.ts";
import { findSequenceHeader, hasSequenceHeader } from "../../codecs/av1/obu.ts";
import { parseAv1SequenceHeader } from "../../codecs/av1/sequence_header.ts";
import type { Av1Codec } from "../../codecs/codec.ts";
import type { RtpPacket } from "../packet.ts";
import { depacketizeAv1 } from "./av1/depacketize.ts";
import { packetsHaveOtherHeader, packetsHaveSequenceHeader } from "./av1/look.ts";
import { packetizeAv1 } from "./av1/packetize.ts";
import type { PayloadFormat } from "./payload.ts";

/** Larger sequence headers are not believed: real ones have a dozen bytes. */
const maxSequenceHeaderSize = 1024;

function updateCodec(obus: readonly Uint8Array[], codec: Av1Codec): Av1Codec {
  const header = findSequenceHeader(obus);
  if (header === undefined || header.length > maxSequenceHeaderSize) return codec;
  if (codec.sequenceHeader !== undefined && bytesEqual(header, codec.sequenceHeader)) return codec;
  // A copy: the view would keep a whole receive buffer alive.
  const sequenceHeader = header.slice();
  try {
    const { profile, levelIdx, tier } = parseAv1SequenceHeader(sequenceHeader);
    return { ...codec, profile, levelIdx, tier, sequenceHeader };
  } catch {
    // Unreadable parameters are no reason to touch what is known.
    return codec;
  }
}

function updateCodecFromPackets(packets: readonly RtpPacket[], codec: Av1Codec): Av1Codec {
  if (!packetsHaveOtherHeader(packets, codec.sequenceHeader)) return codec;
  return updateCodec(depacketizeAv1(packets).payload ?? [], codec);
}

export const av1Format: PayloadFormat<Av1Codec> = {
  endsUnit: (packet) => packet.marker,
  depacketize: (packets) => depacketizeAv1(packets),
  packetize: packetizeAv1,
  isRandomAccess: packetsHaveSequenceHeader,
  isRandomAccessPayload: hasSequenceHeader,
  updateCodec,
  updateCodecFromPackets,
};
