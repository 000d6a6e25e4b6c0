/** SMPTE ST 336 data (RFC 6597 §4): all items of one time cut into packets, the marker on the last. */
import { concat } from "../../base/bytes.ts";
import type { KlvCodec } from "../../codecs/codec.ts";
import { areWholeKlvItems, startsWithUniversalLabel } from "../../codecs/klv/item.ts";
import type { RtpPacket } from "../packet.ts";
import { cutBytes, isContiguous } from "./fragmented.ts";
import type { DepacketizeResult, PayloadFormat } from "./payload.ts";

function depacketize(packets: readonly RtpPacket[]): DepacketizeResult {
  if (packets.length === 0) return { payload: null, errors: [] };
  const broken = (text: string): DepacketizeResult => ({ payload: null, errors: [text] });
  // RFC 6597 §4.3.2: a damaged unit is not handed on.
  if (!isContiguous(packets, 0, packets.length - 1)) return broken("a fragment of a KLV unit is missing");
  const unit = packets.length === 1 ? packets[0].payload : concat(packets.map((packet) => packet.payload));
  if (!startsWithUniversalLabel(unit)) return broken("the start of a KLV unit is missing");
  // §4.3.1: a new timestamp ends the unit as well; then only the lengths tell whether the last packet was lost.
  if (!packets[packets.length - 1].marker && !areWholeKlvItems(unit)) {
    return broken("the end of a KLV unit is missing");
  }
  return { payload: [unit], errors: [] };
}

export const klvFormat: PayloadFormat<KlvCodec> = {
  endsUnit: (packet) => packet.marker,
  depacketize,
  packetize: (payload, _codec, maxPayload) => {
    const unit = payload.length === 1 ? payload[0] : concat(payload);
    if (unit.length === 0) return [];
    const pieces = cutBytes(unit, maxPayload);
    return pieces.map((piece, i) => ({ parts: [piece], marker: i === pieces.length - 1 }));
  },
};
