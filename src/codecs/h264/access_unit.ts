import type { H264Codec } from "../codec.ts";
import { hasIdr, NalType, nalType } from "./nal.ts";

/**
 * The form in which access units are carried: parameter sets and delimiters are taken out, and the sets in force (those
 * of the access unit, else those of `codec`) put in front of key frames. Empty when nothing else was in it.
 */
export function normalizeH264(units: readonly Uint8Array[], codec: H264Codec): Uint8Array[] {
  const key = hasIdr(units);
  let { sps, pps } = codec;
  const rest: Uint8Array[] = [];
  for (const unit of units) {
    const type = nalType(unit);
    if (type === NalType.sps) sps = unit;
    else if (type === NalType.pps) pps = unit;
    else if (type !== NalType.accessUnitDelimiter) rest.push(unit);
  }
  if (!key || rest.length === 0 || sps === undefined || pps === undefined) return rest;
  return [sps, pps, ...rest];
}
