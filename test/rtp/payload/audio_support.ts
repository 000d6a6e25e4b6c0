import type { Codec } from "../../../src/codecs/codec.ts";
import type { RtpPacket } from "../../../src/rtp/packet.ts";
import { payloadFormat } from "../../../src/rtp/payload/formats.ts";

/** As the receiving side groups packets; `early` when the unit ended without waiting for the next timestamp. */
export function audioUnits(
  packets: readonly RtpPacket[],
  codec: Codec,
): { packets: RtpPacket[]; early: boolean }[] {
  const format = payloadFormat(codec);
  const units: { packets: RtpPacket[]; early: boolean }[] = [];
  for (const packet of packets) {
    let unit = units.at(-1);
    if (unit === undefined || unit.early || unit.packets[0].timestamp !== packet.timestamp) {
      unit = { packets: [], early: false };
      units.push(unit);
    }
    unit.packets.push(packet);
    unit.early = format.endsUnit(packet);
  }
  return units;
}

/** The payloads of all units in one list. */
export function depacketizeAll(
  packets: readonly RtpPacket[],
  codec: Codec,
): { payload: Uint8Array[]; errors: string[] } {
  const payload: Uint8Array[] = [];
  const errors: string[] = [];
  for (const unit of audioUnits(packets, codec)) {
    const result = payloadFormat(codec).depacketize(unit.packets, codec);
    if (result.payload !== null) payload.push(...result.payload);
    errors.push(...result.errors);
  }
  return { payload, errors };
}
