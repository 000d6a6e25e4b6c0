import { leb128Size, serializeLeb128 } from "../../../codecs/av1/leb128.ts";
import { hasSequenceHeader, isDropped } from "../../../codecs/av1/obu.ts";
import type { Av1Codec } from "../../../codecs/codec.ts";
import type { RtpFragment } from "../../packet.ts";
import { Flag, maxCountedElements } from "./header.ts";

/** Collects the elements of one packet. */
class PacketWriter {
  #elements: Uint8Array[] = [];
  #size = 1;
  #continues = false;
  readonly out: RtpFragment[] = [];

  constructor(readonly maxPayload: number, readonly newSequence: boolean) {}

  get room(): number {
    return this.maxPayload - this.#size;
  }

  get canCount(): boolean {
    return this.#elements.length < maxCountedElements;
  }

  /** An element that will get its size in front, unless it turns out to be the last. */
  add(element: Uint8Array): void {
    this.#elements.push(element);
    this.#size += leb128Size(element.length) + element.length;
  }

  /** Closes the packet behind `element`, which takes the rest of it without a size. */
  addLast(element: Uint8Array, continued: boolean): void {
    this.#elements.push(element);
    this.close(continued);
  }

  close(continued: boolean): void {
    const count = this.#elements.length;
    if (count === 0) return;
    const counted = count <= maxCountedElements;
    const header = (this.#continues ? Flag.continues : 0) | (continued ? Flag.continued : 0) |
      (counted ? count << 4 : 0) | (this.newSequence && this.out.length === 0 ? Flag.newSequence : 0);
    const parts: Uint8Array[] = [Uint8Array.of(header)];
    this.#elements.forEach((element, i) => {
      if (!counted || i < count - 1) parts.push(serializeLeb128(element.length));
      parts.push(element);
    });
    this.out.push({ parts, marker: false });
    this.#elements = [];
    this.#size = 1;
    this.#continues = continued;
  }
}

/** Starts `obu` in the packet at hand when it has any use, and fills further packets with the rest. */
function write(obu: Uint8Array, writer: PacketWriter): void {
  for (let rest = obu;;) {
    const room = writer.room;
    if (leb128Size(rest.length) + rest.length <= room) {
      writer.add(rest);
      return;
    }
    if (writer.canCount) {
      if (rest.length <= room) {
        writer.addLast(rest, false);
        return;
      }
      if (room > 0) {
        writer.addLast(rest.subarray(0, room), true);
        rest = rest.subarray(room);
        continue;
      }
    }
    // The fourth or later element needs its size.
    const part = room - leb128Size(Math.max(0, room));
    if (part > 0) {
      writer.add(rest.subarray(0, part));
      rest = rest.subarray(part);
      writer.close(true);
    } else {
      writer.close(false);
    }
  }
}

const minPayload = 2;

/** As few packets as possible; the first of a unit with a sequence header starts a coded video sequence. */
export function packetizeAv1(
  obus: readonly Uint8Array[],
  _codec: Av1Codec,
  maxPayload: number,
): RtpFragment[] {
  const writer = new PacketWriter(Math.max(minPayload, maxPayload), hasSequenceHeader(obus));
  for (const obu of obus) if (obu.length > 0 && !isDropped(obu)) write(obu, writer);
  writer.close(false);
  const out = writer.out;
  if (out.length > 0) out[out.length - 1] = { parts: out[out.length - 1].parts, marker: true };
  return out;
}
