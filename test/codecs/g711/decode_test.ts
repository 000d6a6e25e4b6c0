import { decodeG711 } from "../../../src/codecs/g711/decode.ts";
import { equal } from "../../support/assert.ts";

/** Code, and what ITU-T G.711 tables 1b and 2b give, scaled to 16 bits. */
const cases: readonly (readonly [string, boolean, number, number])[] = [
  ["µ-law: silence", true, 0xff, 0],
  ["µ-law: negative silence", true, 0x7f, 0],
  ["µ-law: largest", true, 0x80, 32124],
  ["µ-law: smallest", true, 0x00, -32124],
  ["µ-law: first step", true, 0xfe, 8],
  ["µ-law: second segment", true, 0xef, 132],
  ["A-law: silence", false, 0xd5, 8],
  ["A-law: negative silence", false, 0x55, -8],
  ["A-law: largest", false, 0xaa, 32256],
  ["A-law: smallest", false, 0x2a, -32256],
  ["A-law: second segment", false, 0xc5, 264],
];

for (const [name, muLaw, code, expected] of cases) {
  Deno.test(`G.711 ${name}`, () => {
    const samples = decodeG711(Uint8Array.of(code, code), muLaw);
    equal(samples.length, 4);
    equal(new DataView(samples.buffer).getInt16(2), expected);
  });
}
