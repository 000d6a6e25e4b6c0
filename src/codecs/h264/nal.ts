/** NAL units of ITU-T H.264 §7.3.1. */

/** nal_unit_type, ITU-T H.264 table 7-1; from 24 on RFC 6184 table 1. */
export const NalType = {
  slice: 1,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  stapA: 24,
  stapB: 25,
  mtap16: 26,
  mtap24: 27,
  fuA: 28,
  fuB: 29,
} as const;

/** Larger parameter sets are not believed: real ones have tens of bytes, scaling lists make that hundreds. */
export const maxParameterSetSize = 8192;

export function nalType(unit: Uint8Array): number {
  return unit[0] & 0x1f;
}

export function hasIdr(accessUnit: readonly Uint8Array[]): boolean {
  for (const unit of accessUnit) if (nalType(unit) === NalType.idr) return true;
  return false;
}

/** Slices of a picture, whole or in partitions: what an access unit has besides is said about them. */
export function isPicture(type: number): boolean {
  return type >= NalType.slice && type <= NalType.idr;
}
