/** Looks at packets without putting NAL units together; these run for every unit and allocate nothing. */
import type { H265Codec } from "../../../codecs/codec.ts";
import { isIrap, isParameterSet, nalHeaderSize, NalType } from "../../../codecs/h265/nal.ts";
import { findStartCode } from "../../../codecs/nal/start_code.ts";
import type { RtpPacket } from "../../packet.ts";

const prefixSei = 39;

function typeAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] >> 1) & 0x3f;
}

/** Types that may stand first in a byte stream with start codes that a camera sends as one NAL unit (0: a start code). */
function mayLeadByteStream(type: number): boolean {
  return type === 0 || isParameterSet(type) || type === NalType.accessUnitDelimiter || type === prefixSei;
}

/** Behind any start code in `bytes`: a NAL unit of that type? */
function holdsEmbedded(bytes: Uint8Array, wanted: (type: number) => boolean): boolean {
  for (let at = findStartCode(bytes); at >= 0; at = findStartCode(bytes, at + 3)) {
    if (at + 3 < bytes.length && wanted(typeAt(bytes, at + 3))) return true;
  }
  return false;
}

/** The first bytes of type 0 are also those of a trailing picture: only zeros can be a start code. */
function leadsByteStream(payload: Uint8Array, type: number): boolean {
  return mayLeadByteStream(type) && (type !== 0 || payload[1] === 0);
}

function packetHasIrap(payload: Uint8Array, donlSize: number): boolean {
  if (payload.length <= nalHeaderSize) return false;
  const type = typeAt(payload, 0);
  if (type === NalType.aggregation) {
    let at = nalHeaderSize + donlSize;
    while (at + 2 < payload.length) {
      if (isIrap(typeAt(payload, at + 2))) return true;
      at += 2 + (payload[at] << 8 | payload[at + 1]) + (donlSize > 0 ? 1 : 0);
    }
    return false;
  }
  if (type === NalType.fragmentation) {
    const flags = payload[nalHeaderSize];
    if ((flags & 0x80) === 0) return false;
    const inner = flags & 0x3f;
    return isIrap(inner) || (inner !== 0 && mayLeadByteStream(inner) && holdsEmbedded(payload, isIrap));
  }
  return isIrap(type) || (leadsByteStream(payload, type) && holdsEmbedded(payload, isIrap));
}

/**
 * The codec is not at hand here. Where NAL units carry order numbers, aggregation packets are read with the sizes
 * at their other place: both readings are tried, and only one of them ends at the end of the packet.
 */
function aggregationHasDon(payload: Uint8Array): boolean {
  let at = nalHeaderSize;
  while (at + 2 <= payload.length) at += 2 + (payload[at] << 8 | payload[at + 1]);
  return at !== payload.length;
}

export function packetsHaveIrap(packets: readonly RtpPacket[]): boolean {
  for (const { payload } of packets) {
    const isAggregation = payload.length > 0 && typeAt(payload, 0) === NalType.aggregation;
    if (packetHasIrap(payload, isAggregation && aggregationHasDon(payload) ? 2 : 0)) return true;
  }
  return false;
}

/** Compares in place: `bytes[start…end)` against a known parameter set. */
function differs(bytes: Uint8Array, start: number, end: number, known: Uint8Array | undefined): boolean {
  if (known === undefined || known.length !== end - start) return true;
  for (let i = 0; i < known.length; i++) if (bytes[start + i] !== known[i]) return true;
  return false;
}

function unitDiffers(bytes: Uint8Array, start: number, end: number, codec: H265Codec): boolean {
  const type = typeAt(bytes, start);
  if (type === NalType.vps) return differs(bytes, start, end, codec.vps);
  if (type === NalType.sps) return differs(bytes, start, end, codec.sps);
  if (type === NalType.pps) return differs(bytes, start, end, codec.pps);
  return false;
}

function aggregationDiffers(payload: Uint8Array, withDon: boolean, codec: H265Codec): boolean {
  let at = nalHeaderSize + (withDon ? 2 : 0);
  while (at + 2 < payload.length) {
    const end = at + 2 + (payload[at] << 8 | payload[at + 1]);
    if (end <= payload.length && end > at + 2 && unitDiffers(payload, at + 2, end, codec)) return true;
    at = end + (withDon ? 1 : 0);
  }
  return false;
}

/**
 * True when the packets may hold parameter sets other than those of `codec`: sure for whole NAL units, a guess for
 * fragmented ones, for byte streams and with order numbers, which then need a closer look.
 */
export function packetsHaveParameters(packets: readonly RtpPacket[], codec: H265Codec): boolean {
  const withDon = (codec.maxDonDiff ?? 0) > 0;
  for (const { payload } of packets) {
    if (payload.length <= nalHeaderSize) continue;
    const type = typeAt(payload, 0);
    if (type === NalType.aggregation) {
      if (aggregationDiffers(payload, withDon, codec)) return true;
    } else if (type === NalType.fragmentation) {
      const flags = payload[nalHeaderSize];
      if ((flags & 0x80) === 0) continue;
      const inner = flags & 0x3f;
      if (isParameterSet(inner)) return true;
      if (inner !== 0 && mayLeadByteStream(inner) && holdsEmbedded(payload, isParameterSet)) return true;
    } else if (leadsByteStream(payload, type)) {
      if (withDon && isParameterSet(type)) return true;
      if (unitDiffers(payload, 0, payload.length, codec)) return true;
      if (holdsEmbedded(payload, isParameterSet)) return true;
    }
  }
  return false;
}
