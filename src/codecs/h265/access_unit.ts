import type { H265Codec } from "../codec.ts";
import { hasIrap, isParameterSet, NalType, nalType } from "./nal.ts";

/** As `normalizeH264`. */
export function normalizeH265(units: readonly Uint8Array[], codec: H265Codec): Uint8Array[] {
  const key = hasIrap(units);
  let { vps, sps, pps } = codec;
  const rest: Uint8Array[] = [];
  for (const unit of units) {
    const type = nalType(unit);
    if (type === NalType.vps) vps = unit;
    else if (type === NalType.sps) sps = unit;
    else if (type === NalType.pps) pps = unit;
    else if (!isParameterSet(type) && type !== NalType.accessUnitDelimiter) rest.push(unit);
  }
  if (!key || rest.length === 0 || vps === undefined || sps === undefined || pps === undefined) return rest;
  return [vps, sps, pps, ...rest];
}
