import type { H264Codec } from "../../../codecs/codec.ts";
import { NalType } from "../../../codecs/h264/nal.ts";
import type { RtpFragment } from "../../packet.ts";

const maxAggregatedSize = 0xffff;

function writeFragments(unit: Uint8Array, maxPayload: number, out: RtpFragment[]): void {
  const room = Math.max(1, maxPayload - 2);
  const count = Math.ceil((unit.length - 1) / room);
  const headers = new Uint8Array(2 * count);
  const indicator = (unit[0] & 0xe0) | NalType.fuA;
  const type = unit[0] & 0x1f;
  for (let i = 0; i < count; i++) {
    headers[2 * i] = indicator;
    headers[2 * i + 1] = (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0) | type;
    const start = 1 + i * room;
    out.push({
      parts: [headers.subarray(2 * i, 2 * i + 2), unit.subarray(start, start + room)],
      marker: false,
    });
  }
}

/** The header takes the highest NRI of the units, RFC 6184 §5.7. */
function writeStapA(units: readonly Uint8Array[]): RtpFragment {
  const prefixes = new Uint8Array(1 + 2 * units.length);
  const parts: Uint8Array[] = [];
  let header = 0;
  units.forEach((unit, i) => {
    header = Math.max(header, unit[0] & 0x60);
    const at = 1 + 2 * i;
    prefixes[at] = unit.length >> 8;
    prefixes[at + 1] = unit.length;
    parts.push(prefixes.subarray(i === 0 ? 0 : at, at + 2), unit);
  });
  prefixes[0] = header | NalType.stapA;
  return { parts, marker: false };
}

/**
 * Neighbouring NAL units share a STAP-A while they fit. Packetization mode 0 has no STAP-A; a NAL unit that does not
 * fit into a packet is fragmented all the same, as there is no other way to carry it.
 */
export function packetizeH264(
  accessUnit: readonly Uint8Array[],
  codec: H264Codec,
  maxPayload: number,
): RtpFragment[] {
  const out: RtpFragment[] = [];
  let batch: Uint8Array[] = [];
  let batchSize = 1;
  const flush = () => {
    if (batch.length === 1) out.push({ parts: batch, marker: false });
    else if (batch.length > 1) out.push(writeStapA(batch));
    batch = [];
    batchSize = 1;
  };
  for (const unit of accessUnit) {
    if (unit.length === 0) continue;
    if (unit.length > maxPayload) {
      flush();
      writeFragments(unit, maxPayload, out);
      continue;
    }
    const fits = batchSize + 2 + unit.length <= maxPayload && unit.length <= maxAggregatedSize;
    if (batch.length > 0 && (!fits || codec.packetizationMode === 0)) flush();
    batch.push(unit);
    batchSize += 2 + unit.length;
    if (unit.length > maxAggregatedSize) flush();
  }
  flush();
  if (out.length > 0) out[out.length - 1] = { parts: out[out.length - 1].parts, marker: true };
  return out;
}
