import type { Mpeg1VideoCodec } from "../../../codecs/codec.ts";
import { parsePictureHeader, type PictureHeader, StartCode } from "../../../codecs/mpeg1video/start_codes.ts";
import { findStartCode } from "../../../codecs/nal/start_code.ts";
import type { RtpFragment } from "../../packet.ts";
import { Flag, headerSize } from "./header.ts";

interface Layout {
  /** Where each slice begins; the first piece has the headers in front of its slice. */
  readonly starts: number[];
  readonly picture: PictureHeader | null;
  readonly hasSequenceHeader: boolean;
}

function isSlice(code: number): boolean {
  return code > StartCode.picture && code <= StartCode.lastSlice;
}

function findPieces(frame: Uint8Array): Layout {
  const starts = [0];
  let picture: PictureHeader | null = null;
  let hasSequenceHeader = false;
  let slices = 0;
  for (let at = findStartCode(frame); at >= 0; at = findStartCode(frame, at + 3)) {
    const code = frame[at + 3];
    if (code === StartCode.sequenceHeader) hasSequenceHeader = true;
    else if (code === StartCode.picture) picture ??= parsePictureHeader(frame, at);
    else if (isSlice(code) && slices++ > 0) starts.push(at);
  }
  return { starts, picture, hasSequenceHeader };
}

function header(layout: Layout, isFirst: boolean, flags: number): Uint8Array {
  const picture = layout.picture;
  if (isFirst && layout.hasSequenceHeader) flags |= Flag.sequenceHeader;
  if (picture === null) return Uint8Array.of(0, 0, flags, 0);
  return Uint8Array.of(
    picture.temporalReference >> 8,
    picture.temporalReference & 0xff,
    flags | picture.codingType,
    (picture.fullPelBackward ? 0x80 : 0) | picture.backwardCode << 4 |
      (picture.fullPelForward ? 0x08 : 0) | picture.forwardCode,
  );
}

/** Whole slices share a packet while they fit; a larger one is cut. */
export function packetizeMpeg1Video(
  payload: readonly Uint8Array[],
  _codec: Mpeg1VideoCodec,
  maxPayload: number,
): RtpFragment[] {
  const frame = payload[0] ?? new Uint8Array();
  const room = Math.max(1, maxPayload - headerSize);
  const layout = findPieces(frame);
  const { starts } = layout;
  const out: RtpFragment[] = [];
  const push = (start: number, end: number, flags: number) => {
    const parts = [header(layout, start === 0, flags), frame.subarray(start, end)];
    out.push({ parts, marker: end === frame.length });
  };
  for (let i = 0; i < starts.length && frame.length > 0;) {
    const start = starts[i];
    let next = i + 1;
    while (next < starts.length && (starts[next + 1] ?? frame.length) - start <= room) next++;
    const end = starts[next] ?? frame.length;
    for (let at = start; at < end; at += room) {
      const isLast = at + room >= end;
      const flags = (at === start ? Flag.beginOfSlice : 0) | (isLast ? Flag.endOfSlice : 0);
      push(at, Math.min(end, at + room), flags);
    }
    i = next;
  }
  return out;
}
