import { NalType, nalType } from "../../../codecs/h264/nal.ts";
import type { RtpPacket } from "../../packet.ts";
import { NalCollector } from "../nal_collector.ts";
import type { DepacketizeResult } from "../payload.ts";

function isDelimiter(unit: Uint8Array): boolean {
  return nalType(unit) === NalType.accessUnitDelimiter;
}

/** RFC 6184 §5.7.1. */
function readStapA(payload: Uint8Array, out: NalCollector): void {
  let at = 1;
  while (at + 2 <= payload.length) {
    const size = payload[at] << 8 | payload[at + 1];
    at += 2;
    // Some encoders fill the packet with zeros.
    if (size === 0) continue;
    if (at + size > payload.length) {
      out.error("NAL unit in STAP-A runs over the packet");
      return;
    }
    out.add(payload.subarray(at, at + size));
    at += size;
  }
}

/** RFC 6184 §5.8; `dataStart` is 2, or 4 in the first FU-B. */
function readFragment(packet: RtpPacket, out: NalCollector): void {
  const payload = packet.payload;
  if (payload.length < 2) {
    out.error("FU header is missing");
    return;
  }
  const flags = payload[1];
  if ((flags & 0x80) !== 0) {
    const dataStart = (payload[0] & 0x1f) === NalType.fuB ? 4 : 2;
    const header = Uint8Array.of((payload[0] & 0xe0) | (flags & 0x1f));
    out.startFragments(header, payload.subarray(dataStart), packet.sequence);
  } else {
    out.continueFragments(payload.subarray(2), packet.sequence);
  }
  // Start and end in one packet is forbidden, yet some cameras do it for small pictures (CostarHD).
  if ((flags & 0x40) !== 0) out.endFragments();
}

/** The packets of one access unit in sequence order. */
export function depacketizeH264(packets: readonly RtpPacket[]): DepacketizeResult {
  const out = new NalCollector(isDelimiter);
  for (const packet of packets) {
    const payload = packet.payload;
    if (payload.length === 0) continue;
    const type = payload[0] & 0x1f;
    if (type === NalType.fuA || type === NalType.fuB) {
      readFragment(packet, out);
      continue;
    }
    out.closeFragments();
    if (type === NalType.stapA) readStapA(payload, out);
    else if (type === NalType.stapB) out.error("STAP-B is not supported");
    else if (type === NalType.mtap16 || type === NalType.mtap24) out.error("MTAP is not supported");
    else if (type >= 30) out.error(`packet type ${type} is reserved`);
    else out.add(payload);
  }
  return out.finish();
}
