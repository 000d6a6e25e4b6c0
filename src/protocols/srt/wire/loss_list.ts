/** Lists of lost packets, as negative acknowledgements carry them: draft-sharabayko-srt §3.2.5 and appendix A. */
import { ParseError } from "../../../base/errors.ts";
import { sequenceDistance, sequenceMask } from "./sequence.ts";
import { readWord, writeWord } from "./words.ts";

/** Both ends included. */
export interface LossRange {
  readonly first: number;
  readonly last: number;
}

/** Ranges of one report: what fits into a packet. */
export const maxLossRanges = 180;

/** Throws ParseError. */
export function parseLossList(body: Uint8Array): LossRange[] {
  const ranges: LossRange[] = [];
  for (let at = 0; at + 4 <= body.length && ranges.length < 2 * maxLossRanges;) {
    const word = readWord(body, at);
    const first = word & sequenceMask;
    if (word <= sequenceMask) {
      ranges.push({ first, last: first });
      at += 4;
      continue;
    }
    if (at + 8 > body.length) throw new ParseError("loss list", "a range has no end", at);
    const last = readWord(body, at + 4);
    if (last > sequenceMask || sequenceDistance(first, last) < 0) {
      throw new ParseError("loss list", "a range ends before it begins", at + 4);
    }
    ranges.push({ first, last });
    at += 8;
  }
  return ranges;
}

/** `maxLossRanges` of them at the most; the others are left out. */
export function serializeLossList(ranges: readonly LossRange[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(8 * Math.min(ranges.length, maxLossRanges));
  let at = 0;
  for (let i = 0; i < ranges.length && i < maxLossRanges; i++) {
    const { first, last } = ranges[i];
    if (first === last) {
      writeWord(out, at, first);
      at += 4;
    } else {
      writeWord(out, at, (first | 0x8000_0000) >>> 0);
      writeWord(out, at + 4, last);
      at += 8;
    }
  }
  return out.subarray(0, at);
}

/** A message drop request has exactly one range, both ends as plain numbers (§3.2.9). Throws ParseError. */
export function parseDropRange(body: Uint8Array): LossRange {
  if (body.length < 8) throw new ParseError("drop request", "is cut off", body.length);
  const first = readWord(body, 0) & sequenceMask;
  const last = readWord(body, 4) & sequenceMask;
  if (sequenceDistance(first, last) < 0) {
    throw new ParseError("drop request", "ends before it begins", 4);
  }
  return { first, last };
}

export function serializeDropRange({ first, last }: LossRange): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(8);
  writeWord(out, 0, first);
  writeWord(out, 4, last);
  return out;
}
