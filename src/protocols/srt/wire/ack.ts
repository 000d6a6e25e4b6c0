/** Acknowledgements: draft-sharabayko-srt §3.2.4. */
import { ParseError } from "../../../base/errors.ts";
import { sequenceMask } from "./sequence.ts";
import { readWord, writeWord } from "./words.ts";

const fullSize = 28;
const smallSize = 16;
const lightSize = 4;

export interface AckStatistics {
  /** Microseconds. */
  readonly rtt: number;
  readonly rttVariance: number;
  /** Packets that the receive buffer still takes. */
  readonly availableBuffer: number;
}

export interface AckRates {
  /** Packets a second. */
  readonly packetRate: number;
  /** Estimated, packets a second. */
  readonly linkCapacity: number;
  /** Bytes a second. */
  readonly byteRate: number;
}

export interface Ack {
  /** Everything before it has been received. */
  readonly sequence: number;
  /** Null in light acknowledgements. */
  readonly statistics: AckStatistics | null;
  /** Null in light and small ones. */
  readonly rates: AckRates | null;
}

/** Throws ParseError. */
export function parseAck(body: Uint8Array): Ack {
  if (body.length < lightSize) throw new ParseError("ACK", "is cut off", body.length);
  const sequence = readWord(body, 0) & sequenceMask;
  if (body.length < smallSize) return { sequence, statistics: null, rates: null };
  const statistics = {
    rtt: readWord(body, 4),
    rttVariance: readWord(body, 8),
    availableBuffer: readWord(body, 12),
  };
  if (body.length < fullSize) return { sequence, statistics, rates: null };
  const rates = {
    packetRate: readWord(body, 16),
    linkCapacity: readWord(body, 20),
    byteRate: readWord(body, 24),
  };
  return { sequence, statistics, rates };
}

export function serializeAck({ sequence, statistics, rates }: Ack): Uint8Array<ArrayBuffer> {
  const size = statistics === null ? lightSize : rates === null ? smallSize : fullSize;
  const out = new Uint8Array(size);
  writeWord(out, 0, sequence);
  if (statistics !== null) {
    writeWord(out, 4, clampWord(statistics.rtt));
    writeWord(out, 8, clampWord(statistics.rttVariance));
    writeWord(out, 12, statistics.availableBuffer);
  }
  if (rates !== null) {
    writeWord(out, 16, clampWord(rates.packetRate));
    writeWord(out, 20, clampWord(rates.linkCapacity));
    writeWord(out, 24, clampWord(rates.byteRate));
  }
  return out;
}

function clampWord(value: number): number {
  return Math.min(0x7fff_ffff, Math.round(value));
}
