/** Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). */
import { ByteWriter } from "../../../../base/bytes.ts";
import { distance16 } from "../../../../base/time.ts";
import type { TransportWide } from "../../../../rtp/rtcp/transport_wide.ts";

/** Packets that wait to be told of; farther jumps begin anew. */
export const maxFeedbackPackets = 2048;
/** And that one message tells of: with two bytes for each delta it fits into a datagram. */
const maxMessagePackets = 480;
const headerSize = 8;
const ticksPerMs = 4;
/** The reference time counts 64 ms, deltas 250 µs. */
const ticksPerReference = 256;
const maxSmallDelta = 255;
const maxRunLength = 0x1fff;
const bitsPerVector = 14;
const pairsPerVector = 7;

/** §3.1.1 */
const Status = { missing: 0, smallDelta: 1, largeDelta: 2 } as const;
type Status = typeof Status[keyof typeof Status];

interface Plan {
  readonly statuses: Status[];
  readonly deltas: number[];
}

/**
 * Gathers when packets have arrived. `take` makes one message of what came since the last; what is missing then may
 * still be told by a later one.
 */
export class TransportFeedback {
  /** Arrival in ticks of 250 µs by extended number. */
  #arrived = new Map<number, number>();
  #highest = -1;
  /** The first number that no message has told of. */
  #next = -1;
  #count = 0;

  /** `sequence` as the header extension has it, `now` in milliseconds. */
  add(sequence: number, now: number): void {
    const number = this.#highest < 0
      ? 0x10000 + sequence
      : this.#highest + distance16(this.#highest & 0xffff, sequence);
    if (this.#highest < 0 || Math.abs(number - this.#highest) > maxFeedbackPackets) {
      this.#arrived.clear();
      this.#highest = number;
      this.#next = number;
    }
    if (number > this.#highest) this.#highest = number;
    // A packet that was told as missing may be told again, but not the one before those.
    if (number < this.#next - maxFeedbackPackets / 4 || this.#arrived.size >= maxFeedbackPackets) return;
    if (!this.#arrived.has(number)) this.#arrived.set(number, Math.floor(now * ticksPerMs));
  }

  /** Null when nothing has come. */
  take(senderSsrc: number, mediaSsrc: number): TransportWide | null {
    if (this.#arrived.size === 0) return null;
    const numbers = [...this.#arrived.keys()].sort((a, b) => a - b);
    let base = Math.min(this.#next, numbers[0]);
    if (numbers[0] - base >= maxMessagePackets) base = numbers[0];
    const reference = Math.floor(this.#arrived.get(numbers[0])! / ticksPerReference);
    const { statuses, deltas } = this.#plan(base, numbers, reference * ticksPerReference);
    const end = base + statuses.length;
    for (const number of numbers) if (number < end) this.#arrived.delete(number);
    this.#next = Math.max(this.#next, end);
    const feedback = this.#serialize(base, reference, statuses, deltas);
    this.#count = (this.#count + 1) & 0xff;
    return { kind: "transportWide", senderSsrc, mediaSsrc, feedback };
  }

  /** Up to the first delta that does not fit into 16 bits: the next message goes on from there. */
  #plan(base: number, numbers: readonly number[], start: number): Plan {
    const statuses: Status[] = [];
    const deltas: number[] = [];
    let time = start;
    for (const number of numbers) {
      const at = this.#arrived.get(number)!;
      const delta = at - time;
      if (deltas.length > 0 && (delta > 0x7fff || delta < -0x8000)) break;
      if (number - base >= maxMessagePackets) break;
      while (base + statuses.length < number) statuses.push(Status.missing);
      statuses.push(delta >= 0 && delta <= maxSmallDelta ? Status.smallDelta : Status.largeDelta);
      deltas.push(delta);
      time = at;
    }
    return { statuses, deltas };
  }

  #serialize(
    base: number,
    reference: number,
    statuses: readonly Status[],
    deltas: readonly number[],
  ): Uint8Array {
    const chunks = statusChunks(statuses);
    const kinds = statuses.filter((status) => status !== Status.missing);
    const size = headerSize + 2 * chunks.length + kinds.reduce((sum: number, kind) => sum + kind, 0);
    const writer = new ByteWriter(size);
    writer.u16(base & 0xffff).u16(statuses.length).u24(reference & 0xffffff).u8(this.#count);
    for (const chunk of chunks) writer.u16(chunk);
    kinds.forEach((kind, i) =>
      kind === Status.smallDelta ? writer.u8(deltas[i]) : writer.u16(deltas[i] & 0xffff)
    );
    return writer.bytes;
  }
}

/** §3.1.3 and §3.1.4: a run where it is longer than what a vector holds, else one or two bits for each packet. */
export function statusChunks(statuses: readonly Status[]): number[] {
  const chunks: number[] = [];
  for (let at = 0; at < statuses.length;) {
    let run = 1;
    while (run < maxRunLength && at + run < statuses.length && statuses[at + run] === statuses[at]) run++;
    const window = statuses.slice(at, at + bitsPerVector);
    const oneBit = !window.includes(Status.largeDelta);
    const vector = oneBit ? bitsPerVector : pairsPerVector;
    if (run >= vector || at + run === statuses.length) {
      chunks.push(statuses[at] << 13 | run);
      at += run;
      continue;
    }
    let chunk = oneBit ? 0x8000 : 0xc000;
    for (let i = 0; i < vector && at + i < statuses.length; i++) {
      const shift = oneBit ? bitsPerVector - 1 - i : 2 * (pairsPerVector - 1 - i);
      chunk |= statuses[at + i] << shift;
    }
    chunks.push(chunk);
    at += Math.min(vector, statuses.length - at);
  }
  return chunks;
}
