import { removeEmulation } from "../../../src/codecs/nal/emulation.ts";
import { addEmulation } from "./add_emulation.ts";
import { maxNalUnits, serializeAnnexB, splitAnnexB } from "../../../src/codecs/nal/annexb.ts";
import { parseLengthPrefixed, serializeLengthPrefixed } from "../../../src/codecs/nal/length_prefixed.ts";
import { findStartCode } from "../../../src/codecs/nal/start_code.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";

Deno.test("findStartCode agrees with the plain search", () => {
  const random = new Random(1);
  for (let run = 0; run < 2000; run++) {
    const bytes = Uint8Array.from({ length: random.int(30) }, () => random.pick([0, 0, 0, 1, 1, 2, 3, 255]));
    for (let from = 0; from < 4; from++) {
      const expected = bytes.findIndex((_, i) =>
        i >= from && bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1
      );
      equal(findStartCode(bytes, from), expected, hex(bytes));
    }
  }
});

Deno.test("splitAnnexB", () => {
  const cases: [input: string, units: string[]][] = [
    ["", []],
    ["00000001 6701 000001 6802", ["6701", "6802"]],
    ["000000000001 6701 0000 00000001 6802 000000", ["6701", "6802"]],
    ["6701 000001 6802", ["6701", "6802"]],
    ["000001 000001 6802", ["6802"]],
    ["65000003", ["65000003"]],
  ];
  for (const [input, units] of cases) equal(splitAnnexB(fromHex(input)).map(hex), units, input);
  throws(() => splitAnnexB(fromHex("00000165".repeat(maxNalUnits + 1))), /more than/);
});

Deno.test("byte streams and length prefixes, there and back", () => {
  const units = ["6742", "68ce3c80", "65880001ff"].map(fromHex);
  equal(hex(serializeAnnexB(units)), "00000001674200000001" + "68ce3c80" + "00000001" + "65880001ff");
  equal(splitAnnexB(serializeAnnexB(units)).map(hex), units.map(hex));
  equal(hex(serializeLengthPrefixed(units)), "0000000267420000000468ce3c800000000565880001ff");
  equal(parseLengthPrefixed(serializeLengthPrefixed(units)).map(hex), units.map(hex));
  equal(parseLengthPrefixed(fromHex("0002 6742 0000 0001 68"), 2).map(hex), ["6742", "68"]);
  equal(parseLengthPrefixed(fromHex("02 6742 01 68"), 1).map(hex), ["6742", "68"]);
  throws(() => parseLengthPrefixed(fromHex("00000003 6742")), /NALUnit at offset 4/);
  throws(() => parseLengthPrefixed(fromHex("000000")), /NALUnitLength/);
  fuzz("length prefixes", [serializeLengthPrefixed(units)], (bytes) => void parseLengthPrefixed(bytes));
});

Deno.test("emulation prevention", () => {
  const cases: [rbsp: string, unit: string][] = [
    ["67000001", "6700000301"],
    ["67000000000001", "670000030000030001"],
    ["67000003", "6700000303"],
    ["6700000480", "6700000480"],
  ];
  for (const [rbsp, unit] of cases) {
    equal(hex(addEmulation(fromHex(rbsp))), unit);
    equal(hex(removeEmulation(fromHex(unit))), rbsp);
  }
  const plain = fromHex("6742c01f");
  equal(removeEmulation(plain).buffer === plain.buffer, true);
  const random = new Random(2);
  for (let run = 0; run < 500; run++) {
    const rbsp = Uint8Array.from({ length: 40 }, () => random.pick([0, 0, 1, 2, 3, 4]));
    rbsp[39] = 0x80; // rbsp_trailing_bits: never a zero at the end
    const unit = addEmulation(rbsp);
    equal(findStartCode(unit), -1);
    equal(hex(removeEmulation(unit)), hex(rbsp));
  }
});
