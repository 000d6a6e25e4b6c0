import type { H265Codec } from "../../../codecs/codec.ts";
import { nalHeaderSize, NalType, nalType } from "../../../codecs/h265/nal.ts";
import type { RtpFragment } from "../../packet.ts";

const maxAggregatedSize = 0xffff;
/**
 * With sprop-max-don-diff above 0 the receiver expects order numbers. Units are written in decoding order and without
 * memory between them, so all get the same number, which keeps them in order of transmission.
 */
const constantOrder = 0;

function writeFragments(unit: Uint8Array, donSize: number, maxPayload: number, out: RtpFragment[]): void {
  const type = nalType(unit);
  const header0 = (unit[0] & 0x81) | NalType.fragmentation << 1;
  const room = Math.max(1, maxPayload - nalHeaderSize - 1 - donSize);
  const count = Math.ceil((unit.length - nalHeaderSize) / room);
  for (let i = 0; i < count; i++) {
    const flags = (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0);
    const prefix = new Uint8Array(nalHeaderSize + 1 + (i === 0 ? donSize : 0));
    prefix[0] = header0;
    prefix[1] = unit[1];
    prefix[2] = flags | type;
    if (i === 0 && donSize > 0) prefix[4] = constantOrder;
    const start = nalHeaderSize + i * room;
    out.push({ parts: [prefix, unit.subarray(start, start + room)], marker: false });
  }
}

/** The header takes the lowest layer and temporal id of the units, RFC 7798 §4.4.2. */
function writeAggregation(units: readonly Uint8Array[]): RtpFragment {
  const prefixes = new Uint8Array(nalHeaderSize + 2 * units.length);
  const parts: Uint8Array[] = [];
  let layer = 0x3f;
  let temporal = 7;
  units.forEach((unit, i) => {
    layer = Math.min(layer, (unit[0] & 1) << 5 | unit[1] >> 3);
    temporal = Math.min(temporal, unit[1] & 7);
    const at = nalHeaderSize + 2 * i;
    prefixes[at] = unit.length >> 8;
    prefixes[at + 1] = unit.length;
    parts.push(prefixes.subarray(i === 0 ? 0 : at, at + 2), unit);
  });
  prefixes[0] = NalType.aggregation << 1 | layer >> 5;
  prefixes[1] = (layer & 0x1f) << 3 | temporal;
  return { parts, marker: false };
}

function writeSingle(unit: Uint8Array, withDon: boolean): RtpFragment {
  if (!withDon) return { parts: [unit], marker: false };
  const order = Uint8Array.of(0, constantOrder);
  return { parts: [unit.subarray(0, nalHeaderSize), order, unit.subarray(nalHeaderSize)], marker: false };
}

/** Neighbouring NAL units share an aggregation packet while they fit. */
export function packetizeH265(
  accessUnit: readonly Uint8Array[],
  codec: H265Codec,
  maxPayload: number,
): RtpFragment[] {
  const withDon = (codec.maxDonDiff ?? 0) > 0;
  const donSize = withDon ? 2 : 0;
  const out: RtpFragment[] = [];
  let batch: Uint8Array[] = [];
  let batchSize = nalHeaderSize;
  const flush = () => {
    if (batch.length === 1) out.push(writeSingle(batch[0], withDon));
    else if (batch.length > 1) out.push(writeAggregation(batch));
    batch = [];
    batchSize = nalHeaderSize;
  };
  for (const unit of accessUnit) {
    if (unit.length < nalHeaderSize) continue;
    if (unit.length + donSize > maxPayload) {
      flush();
      writeFragments(unit, donSize, maxPayload, out);
      continue;
    }
    // An aggregation packet cannot repeat an order number: with them every unit gets a packet of its own.
    const alone = withDon || unit.length > maxAggregatedSize;
    const cost = 2 + unit.length;
    if (alone || batchSize + cost > maxPayload) flush();
    batch.push(unit);
    batchSize += cost;
    if (alone) flush();
  }
  flush();
  if (out.length > 0) out[out.length - 1] = { parts: out[out.length - 1].parts, marker: true };
  return out;
}
