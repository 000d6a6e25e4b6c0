import type { H265Codec } from "../../../codecs/codec.ts";
import { nalHeaderSize, NalType, nalType } from "../../../codecs/h265/nal.ts";
import type { RtpPacket } from "../../packet.ts";
import { NalCollector } from "../nal_collector.ts";
import type { DepacketizeResult } from "../payload.ts";

const donlSize = 2;
const dondSize = 1;

function isUnwanted(unit: Uint8Array): boolean {
  return unit.length < nalHeaderSize || nalType(unit) === NalType.accessUnitDelimiter;
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at] << 8 | bytes[at + 1];
}

/** RFC 7798 §4.4.2. */
function readAggregation(payload: Uint8Array, withDon: boolean, out: NalCollector): void {
  let at = nalHeaderSize;
  let order = 0;
  for (let first = true; at < payload.length; first = false) {
    const orderSize = withDon ? (first ? donlSize : dondSize) : 0;
    if (at + orderSize + 2 > payload.length) {
      out.error("aggregation packet ends inside a NAL unit size");
      return;
    }
    if (withDon) order = first ? u16(payload, at) : (order + payload[at] + 1) & 0xffff;
    at += orderSize;
    const size = u16(payload, at);
    at += 2;
    if (at + size > payload.length) {
      out.error("NAL unit in aggregation packet runs over the packet");
      return;
    }
    out.add(payload.subarray(at, at + size), order);
    at += size;
  }
}

/** RFC 7798 §4.4.3. */
function readFragment(packet: RtpPacket, withDon: boolean, out: NalCollector): void {
  const payload = packet.payload;
  const flags = payload[nalHeaderSize];
  const start = (flags & 0x80) !== 0;
  const dataStart = nalHeaderSize + 1 + (start && withDon ? donlSize : 0);
  if (payload.length < dataStart) {
    out.error("FU header is missing");
    return;
  }
  const data = payload.subarray(dataStart);
  if (start) {
    const header = Uint8Array.of((payload[0] & 0x81) | (flags & 0x3f) << 1, payload[1]);
    out.startFragments(header, data, packet.sequence, withDon ? u16(payload, nalHeaderSize + 1) : 0);
  } else {
    out.continueFragments(data, packet.sequence);
  }
  if ((flags & 0x40) !== 0) out.endFragments();
}

/** RFC 7798 §4.4.1. */
function readSingle(payload: Uint8Array, withDon: boolean, out: NalCollector): void {
  if (!withDon) {
    out.add(payload);
    return;
  }
  const dataStart = nalHeaderSize + donlSize;
  if (payload.length < dataStart) {
    out.error("DONL is missing");
    return;
  }
  const unit = new Uint8Array(payload.length - donlSize);
  unit.set(payload.subarray(0, nalHeaderSize));
  unit.set(payload.subarray(dataStart), nalHeaderSize);
  out.add(unit, u16(payload, nalHeaderSize));
}

/** The packets of one access unit in sequence order. */
export function depacketizeH265(packets: readonly RtpPacket[], codec: H265Codec): DepacketizeResult {
  const out = new NalCollector(isUnwanted);
  const withDon = (codec.maxDonDiff ?? 0) > 0;
  for (const packet of packets) {
    const payload = packet.payload;
    if (payload.length === 0) continue;
    if (payload.length < nalHeaderSize) {
      out.error("packet is too short");
      continue;
    }
    const type = nalType(payload);
    if (type === NalType.fragmentation) {
      readFragment(packet, withDon, out);
      continue;
    }
    out.closeFragments();
    // A byte stream with start codes in place of a NAL unit begins with zeros: type 0, no order number.
    const isByteStream = payload[0] === 0 && payload[1] === 0;
    if (type === NalType.aggregation) readAggregation(payload, withDon, out);
    else if (type === NalType.paci) out.error("PACI is not supported");
    else if (type > NalType.paci) out.error(`packet type ${type} is not specified`);
    else readSingle(payload, withDon && !isByteStream, out);
  }
  return out.finish(withDon);
}
