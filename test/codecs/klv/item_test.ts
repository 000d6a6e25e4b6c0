import { areWholeKlvItems, parseKlvItem } from "../../../src/codecs/klv/item.ts";
import { concat } from "../../../src/base/bytes.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { audioStream } from "../../support/audio_fixtures.ts";
import { fuzz } from "../../support/fuzz.ts";

const key = "060e2b34020b01010e01030101000000";

Deno.test("KLV: short and long lengths", () => {
  equal(hex(parseKlvItem(fromHex(key + "03aabbcc"))?.value ?? new Uint8Array()), "aabbcc");
  equal(parseKlvItem(fromHex(key + "830000010f"))?.size, 16 + 4 + 1);
  equal(parseKlvItem(fromHex(key + "00"))?.size, 17);
  equal(hex(parseKlvItem(audioStream("klv"))?.key ?? new Uint8Array()), key);
});

Deno.test("KLV: more bytes needed", () => {
  for (const text of ["", "060e", key, key + "03aabb", key + "82", key + "8201"]) {
    equal(parseKlvItem(fromHex(text)), null, text);
  }
});

Deno.test("KLV: what is refused", () => {
  throws(() => parseKlvItem(fromHex("060e2b35")), /KLV key at offset 3/);
  throws(() => parseKlvItem(fromHex(key + "80")), /KLV length/);
  throws(() => parseKlvItem(fromHex(key + "89000000000000000001")), /KLV length/);
  throws(() => parseKlvItem(fromHex(key + "88ffffffffffffffff")), /too large/);
});

Deno.test("KLV: whole items", () => {
  const item = audioStream("klv");
  equal(areWholeKlvItems(concat([item, item])), true);
  equal(areWholeKlvItems(item.subarray(0, -1)), false);
  equal(areWholeKlvItems(concat([item, fromHex("00")])), false);
  equal(areWholeKlvItems(new Uint8Array()), false);
});

Deno.test("KLV: fuzz", () => {
  fuzz("KLV", [audioStream("klv"), fromHex(key + "03aabbcc")], (bytes) => {
    const item = parseKlvItem(bytes);
    if (item !== null) equal(item.size <= bytes.length, true);
  });
});
