/** Looks at packets without putting NAL units together; these run for every unit and allocate nothing. */
import type { H264Codec } from "../../../codecs/codec.ts";
import { NalType } from "../../../codecs/h264/nal.ts";
import { findStartCode } from "../../../codecs/nal/start_code.ts";
import type { RtpPacket } from "../../packet.ts";

/** Types that may stand first in a byte stream with start codes that a camera sends as one NAL unit (0: a start code). */
function mayLeadByteStream(type: number): boolean {
  return type === 0 || (type >= NalType.sei && type <= NalType.accessUnitDelimiter);
}

function isParameterSet(type: number): boolean {
  return type === NalType.sps || type === NalType.pps;
}

/** Behind any start code in `bytes`: a NAL unit of that type? */
function holdsEmbedded(bytes: Uint8Array, wanted: (type: number) => boolean): boolean {
  for (let at = findStartCode(bytes); at >= 0; at = findStartCode(bytes, at + 3)) {
    if (at + 3 < bytes.length && wanted(bytes[at + 3] & 0x1f)) return true;
  }
  return false;
}

function isIdr(type: number): boolean {
  return type === NalType.idr;
}

function packetHasIdr(payload: Uint8Array): boolean {
  if (payload.length < 2) return payload.length === 1 && (payload[0] & 0x1f) === NalType.idr;
  let type = payload[0] & 0x1f;
  if (type === NalType.stapA) {
    for (let at = 1; at + 2 < payload.length;) {
      if ((payload[at + 2] & 0x1f) === NalType.idr) return true;
      at += 2 + (payload[at] << 8 | payload[at + 1]);
    }
    return false;
  }
  if (type === NalType.fuA || type === NalType.fuB) {
    if ((payload[1] & 0x80) === 0) return false;
    type = payload[1] & 0x1f;
  }
  return type === NalType.idr || (mayLeadByteStream(type) && holdsEmbedded(payload, isIdr));
}

export function packetsHaveIdr(packets: readonly RtpPacket[]): boolean {
  for (const packet of packets) if (packetHasIdr(packet.payload)) return true;
  return false;
}

/** Compares in place: `bytes[start…end)` against a known parameter set. */
function differs(bytes: Uint8Array, start: number, end: number, known: Uint8Array | undefined): boolean {
  if (known === undefined || known.length !== end - start) return true;
  for (let i = 0; i < known.length; i++) if (bytes[start + i] !== known[i]) return true;
  return false;
}

function unitDiffers(bytes: Uint8Array, start: number, end: number, codec: H264Codec): boolean {
  const type = bytes[start] & 0x1f;
  if (type === NalType.sps) return differs(bytes, start, end, codec.sps);
  if (type === NalType.pps) return differs(bytes, start, end, codec.pps);
  return false;
}

/**
 * True when the packets may hold parameter sets other than those of `codec`: sure for whole NAL units, a guess for
 * fragmented ones and for byte streams, which then need a closer look.
 */
export function packetsHaveParameters(packets: readonly RtpPacket[], codec: H264Codec): boolean {
  for (const { payload } of packets) {
    if (payload.length < 2) continue;
    const type = payload[0] & 0x1f;
    if (type === NalType.stapA) {
      for (let at = 1; at + 2 < payload.length;) {
        const end = at + 2 + (payload[at] << 8 | payload[at + 1]);
        if (end <= payload.length && end > at + 2 && unitDiffers(payload, at + 2, end, codec)) return true;
        at = end;
      }
    } else if (type === NalType.fuA || type === NalType.fuB) {
      if ((payload[1] & 0x80) === 0) continue;
      const inner = payload[1] & 0x1f;
      if (isParameterSet(inner)) return true;
      if (mayLeadByteStream(inner) && holdsEmbedded(payload, isParameterSet)) return true;
    } else if (mayLeadByteStream(type)) {
      if (unitDiffers(payload, 0, payload.length, codec)) return true;
      if (holdsEmbedded(payload, isParameterSet)) return true;
    }
  }
  return false;
}
