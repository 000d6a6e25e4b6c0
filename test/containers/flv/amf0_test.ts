import { parseAmf0 } from "../../../src/containers/flv/amf0/parse.ts";
import { serializeAmf0 } from "../../../src/containers/flv/amf0/serialize.ts";
import {
  amf0EcmaArray,
  amf0Object,
  type Amf0Value,
  entriesOf,
} from "../../../src/containers/flv/amf0/value.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";

const cases: [string, string, Amf0Value][] = [
  ["number", "00 3ff0000000000000", 1],
  ["negative number", "00 c059000000000000", -100],
  ["boolean", "01 01", true],
  ["string", "02 0003 6c6976", "liv"],
  ["string of several bytes a character", "02 0003 e282ac", "€"],
  ["object", "03 0003 617070 02 0004 6c697665 0000 09", amf0Object({ app: "live" })],
  ["null", "05", null],
  ["undefined", "06", undefined],
  ["ECMA array", "08 00000001 0001 61 05 0000 09", amf0EcmaArray({ a: null })],
  ["strict array", "0a 00000002 0101 05", { kind: "strictArray", items: [true, null] }],
  ["date", "0b 4270000000000000 0000", { kind: "date", milliseconds: 2 ** 40, timeZone: 0 }],
  ["unsupported", "0d", { kind: "unsupported" }],
  ["XML", "0f 00000004 3c612f3e", { kind: "xml", text: "<a/>" }],
  ["typed object", "10 0001 54 0001 61 0100 0000 09", {
    kind: "object",
    className: "T",
    entries: new Map([["a", false]]),
  }],
];

Deno.test("AMF0: bytes to value and back", () => {
  for (const [name, text, value] of cases) {
    equal(parseAmf0(fromHex(text)), [value], name);
    equal(hex(serializeAmf0(...parseAmf0(fromHex(text)))), text.replaceAll(" ", ""), name);
    equal(parseAmf0(serializeAmf0(value)), [value], name);
  }
});

Deno.test("AMF0: several values, an empty key, a long string", () => {
  const text = "x".repeat(70_000);
  const values = ["connect", 1, amf0Object({ "": 1, long: text }), null];
  equal(parseAmf0(serializeAmf0(...values)), values);
});

Deno.test("AMF0: the stated size of an ECMA array does not count", () => {
  equal(parseAmf0(fromHex("08 00000000 0001 61 0101 0001 62 05 000009")), [
    amf0EcmaArray({ a: true, b: null }),
  ]);
});

Deno.test("AMF0: references are resolved", () => {
  const [value] = parseAmf0(fromHex("0a 00000002 03 0001 61 05 000009 07 0001"));
  const items = typeof value === "object" && value?.kind === "strictArray" ? value.items : [];
  equal(items.length, 2);
  equal(items[0], items[1]);
  throws(() => parseAmf0(fromHex("03 0001 61 07 0000 000009")), /reference .*leads nowhere/);
  throws(() => parseAmf0(fromHex("07 0005")), /leads nowhere/);
});

Deno.test("AMF0: limits", () => {
  throws(() => parseAmf0(fromHex("0a 00000001".repeat(20) + "05")), /nested/);
  throws(() => parseAmf0(fromHex("05".repeat(5000))), /more than 4096 values/);
  throws(() => parseAmf0(fromHex("0a ffffffff")), /array count/);
  throws(() => parseAmf0(new Uint8Array(300_000)), /AMF0 message/);
  throws(() => parseAmf0(fromHex("11")), /AMF3/);
  throws(() => parseAmf0(fromHex("0c ffffffff 61")), /string/);
});

Deno.test("AMF0: entries of what is no object", () => {
  equal(entriesOf(3).size, 0);
  equal(entriesOf(null).size, 0);
});

Deno.test("AMF0: arbitrary bytes", () => {
  fuzz("AMF0", cases.map(([, text]) => fromHex(text)), parseAmf0);
});
