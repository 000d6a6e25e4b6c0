/** For formats in which a unit is one frame cut into consecutive packets, the marker on the last. */
import { concat } from "../../base/bytes.ts";
import type { RtpPacket } from "../packet.ts";
import { type DepacketizeResult, maxUnitSize } from "./payload.ts";

export function failed(error: string): DepacketizeResult {
  return { payload: null, errors: [error] };
}

/** Views of the frame's parts, or a text saying why there is no whole frame. */
export type FrameParts = Uint8Array[] | string;

/**
 * `dataStart`: offset of the frame's bytes behind the payload descriptor, or -1 when the descriptor is broken.
 * A frame with a gap is dropped: these codecs cannot mark what is missing.
 */
export function collectFrame(
  packets: readonly RtpPacket[],
  dataStart: (payload: Uint8Array) => number,
): FrameParts {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let i = 0; i < packets.length; i++) {
    const packet = packets[i];
    if (i > 0 && packet.sequence !== ((packets[i - 1].sequence + 1) & 0xffff)) {
      return "part of the frame is missing";
    }
    const start = dataStart(packet.payload);
    if (start < 0) return "payload descriptor is broken";
    const part = packet.payload.subarray(start);
    size += part.length;
    if (size > maxUnitSize) return `frame is larger than ${maxUnitSize} bytes`;
    if (part.length > 0) parts.push(part);
  }
  if (parts.length === 0) return "frame is empty";
  if (!packets[packets.length - 1].marker) return "end of the frame is missing";
  return parts;
}

/** `isStart`: whether the first packet can be the first of a frame. */
export function joinFrame(
  packets: readonly RtpPacket[],
  dataStart: (payload: Uint8Array) => number,
  isStart: (payload: Uint8Array) => boolean,
): DepacketizeResult {
  if (packets.length === 0) return failed("unit is empty");
  if (!isStart(packets[0].payload)) return failed("start of the frame is missing");
  const parts = collectFrame(packets, dataStart);
  if (typeof parts === "string") return failed(parts);
  return { payload: [concat(parts)], errors: [] };
}
