/** Transport packet payloads → sections (ISO/IEC 13818-1 §2.4.4.1, §2.4.4.2). */
import { ParseError } from "../../base/errors.ts";
import { packetBodySize } from "./wire/packet.ts";
import { maxSectionSize, sectionSize } from "./wire/section.ts";

/** table_id of the bytes that fill a packet behind its last section. */
const stuffing = 0xff;

export class SectionAssembler {
  readonly #buffer = new Uint8Array(maxSectionSize + packetBodySize);
  #size = 0;
  /** False until a section begins: packets in the middle of an unseen one are passed over. */
  #started = false;

  /** After a loss: what was gathered is dropped. */
  reset(): void {
    this.#size = 0;
    this.#started = false;
  }

  /** The sections that end in this payload, as copies. Throws ParseError; then what was gathered is dropped. */
  push(payload: Uint8Array, unitStart: boolean): Uint8Array[] {
    const sections: Uint8Array[] = [];
    if (!unitStart) {
      if (this.#started) this.#append(payload, sections);
      return sections;
    }
    const start = 1 + (payload[0] ?? 0);
    if (start > payload.length) {
      this.reset();
      throw new ParseError("pointer_field", `${start - 1} points out of the packet`, 0);
    }
    if (this.#started) this.#append(payload.subarray(1, start), sections);
    this.#size = 0;
    this.#started = true;
    this.#append(payload.subarray(start), sections);
    return sections;
  }

  #append(bytes: Uint8Array, sections: Uint8Array[]): void {
    this.#buffer.set(bytes, this.#size);
    this.#size += bytes.length;
    let at = 0;
    while (at < this.#size && this.#buffer[at] !== stuffing) {
      const size = sectionSize(this.#buffer.subarray(0, this.#size), at);
      if (size !== null && size > maxSectionSize) {
        this.reset();
        throw new ParseError("section_length", `${size} bytes are more than ${maxSectionSize}`, at);
      }
      if (size === null || at + size > this.#size) {
        this.#buffer.copyWithin(0, at, this.#size);
        this.#size -= at;
        return;
      }
      sections.push(this.#buffer.slice(at, at + size));
      at += size;
    }
    // Behind stuffing the next section begins in a packet that says so.
    if (at < this.#size) this.#started = false;
    this.#size = 0;
  }
}
