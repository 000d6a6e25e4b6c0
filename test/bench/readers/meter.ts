import { Continuity } from "../continuity.ts";
import type { Histogram } from "../histogram.ts";
import { type ReaderColumns } from "../shared.ts";
import { hasStamp, stampFrame, stampMicros, stampSize } from "../stamp.ts";

const rtpHeaderSize = 12;
const fuHeaderSize = 2;
const nalTypeFuA = 28;

/** How many bytes of a packet the meter looks at; the rest need not even be copied from the kernel. */
export const peekSize = rtpHeaderSize + fuHeaderSize + stampSize;

/** Takes every RTP packet of every reader. Called a hundred thousand times a second: no objects, no closures. */
export interface PacketSink {
  /** `bytes[at…]` holds at least min(size, peekSize) bytes of the packet. */
  packet(reader: number, bytes: Uint8Array, at: number, size: number): void;
}

/** Checks continuity of all readers, and samples the delay of whole frames for every `sampleEvery`th one. */
export class Meter implements PacketSink {
  readonly #continuity: Continuity;
  readonly #frames: Int32Array;
  readonly #sentAt: Float64Array;
  readonly #frameNumber: Float64Array;
  measuring = false;

  constructor(
    private readonly columns: ReaderColumns,
    private readonly delays: Histogram,
    private readonly sampleEvery: number,
    private readonly now: () => number,
  ) {
    this.#continuity = new Continuity(columns);
    this.#frames = columns.frames;
    this.#sentAt = new Float64Array(columns.frames.length);
    this.#frameNumber = new Float64Array(columns.frames.length).fill(-1);
  }

  packet(reader: number, bytes: Uint8Array, at: number, size: number): void {
    if (size < rtpHeaderSize) return;
    this.#continuity.packet(reader, bytes[at + 2] << 8 | bytes[at + 3]);
    if (this.isSampled(reader) && size >= peekSize) this.#look(reader, bytes, at + rtpHeaderSize);
    if ((bytes[at + 1] & 0x80) !== 0) {
      this.#frames[reader]++;
      if (this.#sentAt[reader] !== 0) this.#sample(reader);
    }
  }

  /** A whole frame with the publisher's stamp, of a protocol that delivers frames. */
  frame(reader: number, number: number, sentAt: number): void {
    this.#continuity.packet(reader, number & 0xffff);
    this.#frames[reader]++;
    if (this.isSampled(reader)) this.delay(sentAt);
  }

  /** A frame without a stamp: somebody else publishes. */
  foreignFrame(reader: number): void {
    this.columns.received[reader]++;
    this.#frames[reader]++;
  }

  /** A frame whose time lies before the one of the frame before it. */
  backwards(reader: number): void {
    this.columns.backwards[reader]++;
  }

  /** `count` frames from number `first` on, received as one piece. */
  frames(reader: number, first: number, count: number): void {
    for (let i = 0; i < count; i++) this.#continuity.packet(reader, (first + i) & 0xffff);
    this.#frames[reader] += count;
  }

  isSampled(reader: number): boolean {
    return reader % this.sampleEvery === 0;
  }

  delay(sentAt: number): void {
    if (this.measuring) this.delays.add(this.now() - sentAt);
  }

  #look(reader: number, bytes: Uint8Array, payload: number): void {
    const isFu = (bytes[payload] & 0x1f) === nalTypeFuA;
    const stamp = payload + (isFu ? fuHeaderSize : 1);
    if (!hasStamp(bytes, stamp)) return;
    const number = stampFrame(bytes, stamp);
    const before = this.#frameNumber[reader];
    if (before >= 0 && number > before + 1) this.columns.frameGaps[reader] += number - before - 1;
    this.#frameNumber[reader] = number;
    this.#sentAt[reader] = stampMicros(bytes, stamp);
  }

  #sample(reader: number): void {
    this.delay(this.#sentAt[reader]);
    this.#sentAt[reader] = 0;
  }
}
