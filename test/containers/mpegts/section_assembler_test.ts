import { concat } from "../../../src/base/bytes.ts";
import { ParseError } from "../../../src/base/errors.ts";
import { SectionAssembler } from "../../../src/containers/mpegts/section_assembler.ts";
import { maxSectionSize } from "../../../src/containers/mpegts/wire/section.ts";
import { equal, hex, throws } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";

/** The assembler looks at the length only. */
function section(size: number, seed: number): Uint8Array {
  const bytes = new Random(seed).bytes(size);
  bytes.set([2, 0xb0 | (size - 3) >> 8, size - 3 & 0xff]);
  return bytes;
}

/** Payloads of 184 bytes, the first section of each behind its pointer field. */
function payloads(sections: readonly Uint8Array[]): { payload: Uint8Array; start: boolean }[] {
  const out: { payload: Uint8Array; start: boolean }[] = [];
  const bytes = concat(sections);
  const starts: number[] = [];
  let position = 0;
  for (const { length } of sections) {
    starts.push(position);
    position += length;
  }
  for (let at = 0; at < bytes.length;) {
    const next = starts.find((start) => start >= at && start < at + 183);
    const room = next === undefined ? 184 : 183;
    const part = bytes.subarray(at, at + room);
    const payload = new Uint8Array(184).fill(0xff);
    if (next !== undefined) payload[0] = next - at;
    payload.set(part, 184 - room);
    out.push({ payload, start: next !== undefined });
    at += room;
  }
  return out;
}

Deno.test("sections of any size come out as they went in", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const sections = Array.from({ length: 1 + random.int(6) }, (_, i) => {
      const size = random.pick([12, 180, 181, 182, 183, 184, 185, maxSectionSize, 12 + random.int(1000)]);
      return section(size, seed * 100 + i);
    });
    const assembler = new SectionAssembler();
    const found = payloads(sections).flatMap(({ payload, start }) => assembler.push(payload, start));
    equal(found.map(hex), sections.map(hex));
  }
});

Deno.test("what is behind stuffing, or in front of the first start, is no section", () => {
  const assembler = new SectionAssembler();
  const fake = section(20, 1);
  equal(assembler.push(fake, false), []);
  const [{ payload }] = payloads([section(50, 2)]);
  equal(assembler.push(payload, true).length, 1);
  equal(assembler.push(fake, false), []);
});

Deno.test("a section that is cut off by the next one is dropped", () => {
  const assembler = new SectionAssembler();
  const long = payloads([section(600, 1)]);
  const [short] = payloads([section(50, 2)]);
  equal(assembler.push(long[0].payload, true), []);
  equal(assembler.push(short.payload, true).map(hex), [hex(section(50, 2))]);
  equal(assembler.push(long[1].payload, false), []);
});

Deno.test("sections that are too large and pointers out of the packet are refused", () => {
  const assembler = new SectionAssembler();
  throws(
    () => assembler.push(concat([Uint8Array.of(0), section(maxSectionSize + 1, 1).subarray(0, 100)]), true),
    ParseError,
  );
  throws(() => assembler.push(Uint8Array.of(184), true), ParseError);
  throws(() => assembler.push(new Uint8Array(0), true), ParseError);
});
