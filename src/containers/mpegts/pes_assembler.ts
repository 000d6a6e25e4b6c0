/** Transport packet payloads → PES packets. */
import { errorText, ParseError } from "../../base/errors.ts";
import { maxPesHeaderSize, parsePesHeader, type PesHeader } from "./wire/pes_header.ts";

/** The largest PES packet: 8K video at 400 Mbit/s has intra pictures of about this size. */
export const maxPesSize = 16 * 1024 * 1024;
/** Bytes that all PES packets in the making may hold together. */
export const maxGatheredBytes = 48 * 1024 * 1024;

/** Shared by the assemblers of one demuxer. */
export class GatherBudget {
  #used = 0;

  /** False, and nothing changes, when that would be too much. Negative values give back. */
  take(size: number): boolean {
    if (this.#used + size > maxGatheredBytes) return false;
    this.#used += size;
    return true;
  }
}

export interface PesSink {
  /** `data` belongs to the receiver. Only whole packets come here. */
  pes(header: PesHeader, data: Uint8Array): void;
  /** A packet was dropped. */
  broken(text: string): void;
}

/** First guess at the size of packets that do not tell it. */
const firstGuess = 16 * 1024;
/** A buffer is not kept with the data when it is larger by this factor. */
const maxSlack = 1.5;

export class PesAssembler {
  #buffer: Uint8Array = new Uint8Array(0);
  #size = 0;
  #active = false;
  #header: PesHeader | null = null;
  #headerSize = 0;
  #guess = firstGuess;
  /** A packet came to its declared end and no other began. */
  #ended = false;

  constructor(private readonly sink: PesSink, private readonly budget: GatherBudget) {}

  /** Between the first and the last byte of a packet. */
  get isActive(): boolean {
    return this.#active;
  }

  push(payload: Uint8Array, unitStart: boolean): void {
    if (unitStart) {
      this.finish();
      this.#active = true;
      this.#ended = false;
    }
    if (!this.#active) {
      if (this.#ended && payload.length > 0) this.sink.broken("a PES packet is longer than it says");
      this.#ended = false;
      return;
    }
    if (!this.#append(payload)) {
      this.drop(
        `a PES packet has more than ${maxPesSize} bytes, or all together more than ${maxGatheredBytes}`,
      );
      return;
    }
    try {
      this.#progress();
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.drop(errorText(error));
    }
  }

  /** True when `payload` is the same as the one pushed last. */
  repeats(payload: Uint8Array): boolean {
    const start = this.#size - payload.length;
    if (start < 0) return false;
    for (let i = 0; i < payload.length; i++) if (this.#buffer[start + i] !== payload[i]) return false;
    return true;
  }

  /** Nothing more belongs to the packet at hand: it is whole when it did not tell its size. */
  finish(): void {
    if (!this.#active) return;
    if (this.#header === null) this.drop("a PES header is cut off");
    else if (this.#header.payloadSize !== null) {
      const missing = this.#headerSize + this.#header.payloadSize - this.#size;
      this.drop(`${missing} bytes of a PES packet are missing`);
    } else this.#emit(this.#size);
  }

  /** Gives up the packet at hand, when there is one. */
  drop(text: string): void {
    this.#ended = false;
    if (!this.#active) return;
    this.#release();
    this.sink.broken(text);
  }

  #progress(): void {
    if (this.#header === null) {
      const parsed = parsePesHeader(this.#buffer.subarray(0, Math.min(this.#size, maxPesHeaderSize)));
      if (parsed === null) return;
      this.#header = parsed.header;
      this.#headerSize = parsed.size;
    }
    const { payloadSize } = this.#header;
    if (payloadSize === null) return;
    const end = this.#headerSize + payloadSize;
    // What stands behind the declared end is no part of it.
    if (this.#size >= end) this.#emit(end);
  }

  #emit(end: number): void {
    const header = this.#header!;
    if (header.payloadSize === null) this.#guess = Math.max(firstGuess, Math.ceil(end * 1.25));
    const data = this.#buffer.length > maxSlack * end
      ? this.#buffer.slice(this.#headerSize, end)
      : this.#buffer.subarray(this.#headerSize, end);
    this.#release();
    this.#ended = header.payloadSize !== null;
    this.sink.pes(header, data);
  }

  #release(): void {
    this.budget.take(-this.#buffer.length);
    this.#buffer = new Uint8Array(0);
    this.#size = 0;
    this.#active = false;
    this.#header = null;
  }

  #append(payload: Uint8Array): boolean {
    const size = this.#size + payload.length;
    if (size > this.#buffer.length && !this.#grow(size)) return false;
    this.#buffer.set(payload, this.#size);
    this.#size = size;
    return true;
  }

  #grow(size: number): boolean {
    if (size > maxPesSize) return false;
    const declared = this.#header?.payloadSize ?? null;
    const wanted = declared !== null
      ? Math.max(size, this.#headerSize + declared)
      : this.#size === 0
      ? size
      : Math.min(maxPesSize, Math.max(this.#guess, 2 * size));
    if (!this.budget.take(wanted - this.#buffer.length)) return false;
    const grown = new Uint8Array(wanted);
    grown.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = grown;
    return true;
  }
}
