/** One PES packet → transport packets, with all bytes copied once. */
import { type AdaptationField, adaptationFieldSize } from "./wire/adaptation_field.ts";
import { packetBodySize, packetSize, writePacketHeader } from "./wire/packet.ts";

/** The pieces of a PES packet, read across piece borders. */
class Pieces {
  #index = 0;
  #offset = 0;

  constructor(private readonly parts: readonly Uint8Array[]) {}

  /** Fills `out` from `at` to `end`; the parts hold enough. */
  copy(out: Uint8Array, at: number, end: number): void {
    while (at < end) {
      const part = this.parts[this.#index];
      const size = Math.min(end - at, part.length - this.#offset);
      const whole = size === part.length;
      out.set(whole ? part : part.subarray(this.#offset, this.#offset + size), at);
      at += size;
      this.#offset += size;
      if (this.#offset === part.length) {
        this.#index++;
        this.#offset = 0;
      }
    }
  }
}

/** Transport packets that `size` bytes take, the first of them with the adaptation field. */
export function pesPacketCount(size: number, adaptation: AdaptationField | null): number {
  const first = packetBodySize - (adaptation === null ? 0 : adaptationFieldSize(adaptation));
  return size <= first ? 1 : 1 + Math.ceil((size - first) / packetBodySize);
}

/**
 * Writes the PES packet that `parts` (together `size` bytes) make, at `at`, with counters from `counter` on. Returns
 * the counter of the packet that comes next.
 */
export function writePes(
  out: Uint8Array,
  at: number,
  pid: number,
  counter: number,
  adaptation: AdaptationField | null,
  parts: readonly Uint8Array[],
  size: number,
): number {
  const pieces = new Pieces(parts);
  let left = size;
  for (let first = true; left > 0; first = false) {
    const field = first ? adaptation : null;
    const room = packetBodySize - (field === null ? 0 : adaptationFieldSize(field));
    const payloadSize = Math.min(room, left);
    const payloadAt = writePacketHeader(out, at, pid, first, counter, field, payloadSize);
    at += packetSize;
    pieces.copy(out, payloadAt, at);
    left -= payloadSize;
    counter = counter + 1 & 0x0f;
  }
  return counter;
}
