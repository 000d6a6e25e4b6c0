import {
  FlvReader,
  type FlvTag,
  serializeFileHeader,
  serializeTag,
} from "../../../src/containers/flv/file.ts";
import { concat } from "../../../src/base/bytes.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";

const tags: FlvTag[] = [
  { type: 18, timestamp: 0, body: fromHex("02000a") },
  { type: 9, timestamp: 0x01020304, body: fromHex("1700000000") },
  { type: 8, timestamp: 23, body: new Uint8Array(0) },
];

const file = concat([
  serializeFileHeader(true, true),
  ...tags.map(({ type, timestamp, body }) =>
    serializeTag(type, timestamp, [body.subarray(0, 1), body.subarray(1)])
  ),
]);

function readAll(pieces: Iterable<Uint8Array>): FlvTag[] {
  const reader = new FlvReader();
  const found: FlvTag[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let tag = reader.next(); tag !== null; tag = reader.next()) found.push(tag);
  }
  return found;
}

Deno.test("FLV file: bytes as the specification has them", () => {
  equal(hex(serializeFileHeader(true, false)), "464c5601040000000900000000");
  equal(hex(serializeTag(9, 0x01020304, [fromHex("1700")])), "0900000202030401000000" + "1700" + "0000000d");
});

Deno.test("FLV file: written and read, cut everywhere", () => {
  equal(readAll([file]), tags);
  equal(readAll(Array.from(file, (byte) => Uint8Array.of(byte))), tags);
});

Deno.test("FLV file: what cannot be read", () => {
  throws(() => readAll([new Uint8Array(13)]), /Signature/);
  throws(() => readAll([fromHex("464c5601050000000a00000000")]), /DataOffset/);
  throws(() => readAll([serializeFileHeader(true, true), fromHex("09ffffff00000000000000")]), /DataSize/);
  throws(
    () => readAll([serializeFileHeader(true, true), fromHex("290000010000000000000000000000000c")]),
    /encrypted/,
  );
  fuzz("FLV file", [file], (bytes) => void readAll([bytes]));
});
