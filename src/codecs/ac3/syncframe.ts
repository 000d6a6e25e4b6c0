/** AC-3 synchronisation frames (ATSC A/52 §5.3, §5.4.1, §5.4.2). */
import { BitReader } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";

/** Six blocks of 256. */
export const ac3FrameSamples = 1536;
/** 640 kbit/s at 32 kHz. */
export const maxAc3FrameSize = 3840;
/** Bytes that `parseAc3Header` looks at. */
export const ac3HeaderSize = 8;

/** syncinfo() and the first fields of bsi(). */
export interface Ac3Header {
  readonly sampleRate: number;
  /** Full channels and, when there is one, the low frequency channel. */
  readonly channelCount: number;
  /** Bytes of the whole frame. */
  readonly frameSize: number;
  /** kbit/s */
  readonly bitrate: number;
  readonly fscod: number;
  readonly frmsizecod: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
}

const sampleRates = [48000, 44100, 32000];
const bitrates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
const channelsByMode = [2, 1, 2, 3, 3, 4, 4, 5];
/** Above it is E-AC-3 or something newer. */
const maxBsid = 8;

/** ATSC A/52 table 5.18 as a formula: frames hold a whole number of 16-bit words. */
function frameSize(fscod: number, frmsizecod: number): number {
  const bitrate = bitrates[frmsizecod >> 1];
  const words = Math.floor(bitrate * 1000 * ac3FrameSamples / sampleRates[fscod] / 16);
  return 2 * (fscod === 1 ? words + (frmsizecod & 1) : words);
}

/** Header at the start of `bytes`; null when there are not yet enough bytes. Throws ParseError. */
export function parseAc3Header(bytes: Uint8Array): Ac3Header | null {
  if (bytes.length < ac3HeaderSize) return null;
  if (bytes[0] !== 0x0b || bytes[1] !== 0x77) throw new ParseError("AC-3 syncword", "is missing", 0);
  const fscod = bytes[4] >> 6;
  if (fscod === 3) throw new ParseError("AC-3 fscod", "3 is reserved", 4);
  const frmsizecod = bytes[4] & 0x3f;
  if (frmsizecod >> 1 >= bitrates.length) {
    throw new ParseError("AC-3 frmsizecod", `${frmsizecod} is reserved`, 4);
  }
  const reader = new BitReader(bytes);
  reader.offset = 5 * 8;
  const bsid = reader.bits(5, "bsid");
  if (bsid > maxBsid) throw new ParseError("AC-3 bsid", `${bsid} is not AC-3`, 5);
  const bsmod = reader.bits(3, "bsmod");
  const acmod = reader.bits(3, "acmod");
  if ((acmod & 1) !== 0 && acmod !== 1) reader.skip(2, "cmixlev");
  if ((acmod & 4) !== 0) reader.skip(2, "surmixlev");
  if (acmod === 2) reader.skip(2, "dsurmod");
  const lfeon = reader.flag("lfeon");
  return {
    sampleRate: sampleRates[fscod],
    channelCount: channelsByMode[acmod] + (lfeon ? 1 : 0),
    frameSize: frameSize(fscod, frmsizecod),
    bitrate: bitrates[frmsizecod >> 1],
    fscod,
    frmsizecod,
    bsid,
    bsmod,
    acmod,
    lfeon,
  };
}
