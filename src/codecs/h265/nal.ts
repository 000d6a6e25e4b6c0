/** NAL units of ITU-T H.265 §7.3.1: a header of two bytes. */

export const nalHeaderSize = 2;

/** nal_unit_type, ITU-T H.265 table 7-1; from 48 on RFC 7798 §4.4. */
export const NalType = {
  firstIrap: 16,
  lastIrap: 23,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  aggregation: 48,
  fragmentation: 49,
  paci: 50,
} as const;

/** Larger parameter sets are not believed. */
export const maxParameterSetSize = 8192;

export function nalType(unit: Uint8Array): number {
  return (unit[0] >> 1) & 0x3f;
}

/** BLA, IDR and CRA pictures and the reserved types between them. */
export function isIrap(type: number): boolean {
  return type >= NalType.firstIrap && type <= NalType.lastIrap;
}

/** Slices of a picture: what an access unit has besides is said about them. */
export function isPicture(type: number): boolean {
  return type < NalType.vps;
}

export function isParameterSet(type: number): boolean {
  return type === NalType.vps || type === NalType.sps || type === NalType.pps;
}

export function hasIrap(accessUnit: readonly Uint8Array[]): boolean {
  for (const unit of accessUnit) if (isIrap(nalType(unit))) return true;
  return false;
}
