/** Transport stream packets (ISO/IEC 13818-1 §2.4.3.2). */
import { ParseError } from "../../../base/errors.ts";
import { type AdaptationField, parseAdaptationField, writeAdaptationField } from "./adaptation_field.ts";

export const packetSize = 188;
/** With the time of arrival before it: M2TS, of Blu-ray discs and camcorders. */
export const timedPacketSize = 192;
/** With Reed-Solomon code behind it (ETSI EN 300 429 §4.4.2), as modulators get it. */
export const longPacketSize = 204;
export const syncByte = 0x47;
export const packetHeaderSize = 4;
/** Bytes behind the header, for adaptation field and payload. */
export const packetBodySize = packetSize - packetHeaderSize;

export const patPid = 0;
export const nullPid = 0x1fff;
/** Lower PIDs are reserved (table 2-3). */
export const firstFreePid = 0x10;

export interface TransportPacket {
  /** The demodulator or network below found bit errors that it could not mend. */
  readonly transportError: boolean;
  /** A PES packet or a section begins in the payload. */
  readonly unitStart: boolean;
  readonly pid: number;
  readonly scrambled: boolean;
  readonly continuityCounter: number;
  readonly adaptation: AdaptationField | null;
  /** A view; null when the packet has none. */
  readonly payload: Uint8Array | null;
}

/** The packet at `at`, of which all 188 bytes have to be there. Throws ParseError. */
export function parsePacket(bytes: Uint8Array, at: number): TransportPacket {
  if (bytes[at] !== syncByte) throw new ParseError("sync_byte", `is ${bytes[at]}`, at);
  const second = bytes[at + 1];
  const fourth = bytes[at + 3];
  const hasAdaptation = (fourth & 0x20) !== 0;
  const end = at + packetSize;
  const bodyAt = at + packetHeaderSize;
  const payloadAt = hasAdaptation ? bodyAt + 1 + bytes[bodyAt] : bodyAt;
  return {
    transportError: (second & 0x80) !== 0,
    unitStart: (second & 0x40) !== 0,
    pid: (second & 0x1f) << 8 | bytes[at + 2],
    scrambled: (fourth & 0xc0) !== 0,
    continuityCounter: fourth & 0x0f,
    adaptation: hasAdaptation ? parseAdaptationField(bytes, bodyAt, end) : null,
    payload: (fourth & 0x10) !== 0 ? bytes.subarray(payloadAt, end) : null,
  };
}

/**
 * Writes header and adaptation field at `at`. `payloadSize` says how much of the body is left for the payload: the
 * adaptation field fills the rest. Returns where the payload begins.
 */
export function writePacketHeader(
  out: Uint8Array,
  at: number,
  pid: number,
  unitStart: boolean,
  continuityCounter: number,
  adaptation: AdaptationField | null,
  payloadSize: number,
): number {
  const adaptationSize = packetBodySize - payloadSize;
  out[at] = syncByte;
  out[at + 1] = (unitStart ? 0x40 : 0) | pid >> 8;
  out[at + 2] = pid;
  out[at + 3] = (adaptationSize > 0 ? 0x20 : 0) | (payloadSize > 0 ? 0x10 : 0) | continuityCounter;
  if (adaptationSize > 0) writeAdaptationField(out, at + packetHeaderSize, adaptationSize, adaptation);
  return at + packetHeaderSize + adaptationSize;
}
