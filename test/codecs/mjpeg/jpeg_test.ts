import { parseJpeg } from "../../../src/codecs/mjpeg/jpeg.ts";
import { huffmanTables } from "../../../src/codecs/mjpeg/tables.ts";
import { serializeJfif } from "../../../src/codecs/mjpeg/writer.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { fixture } from "../../rtp/payload/video_support.ts";

Deno.test("image of FFmpeg: its Huffman tables are the standard ones", () => {
  const image = parseJpeg(fixture("mjpeg.bin"));
  equal([image.width, image.height, image.restartInterval], [64, 48, 0]);
  const text = (
    tables: readonly { tableClass: number; id: number; lengths: Uint8Array; symbols: Uint8Array }[],
  ) =>
    tables.map(({ tableClass, id, lengths, symbols }) => `${tableClass}${id} ${hex(lengths)} ${hex(symbols)}`)
      .sort();
  equal(text(image.huffmanTables), text(huffmanTables));
});

Deno.test("writer and parser agree", () => {
  const parameters = {
    width: 320,
    height: 240,
    horizontal: 2,
    vertical: 1,
    quantizationTables: [new Uint8Array(64).fill(3), new Uint8Array(128).fill(4)],
    restartInterval: 20,
  };
  for (const scan of [["aabb", "cc"], ["aabbcc", "ffd9"]]) {
    const bytes = serializeJfif(parameters, scan.map(fromHex));
    const image = parseJpeg(bytes);
    equal([image.width, image.height, image.restartInterval, hex(image.scan)], [320, 240, 20, "aabbcc"]);
    equal(image.quantizationTables.map(({ id, values }) => [id, values.length]), [[0, 64], [1, 128]]);
    equal(image.components, [
      { id: 1, horizontal: 2, vertical: 1, quantizationTable: 0 },
      { id: 2, horizontal: 1, vertical: 1, quantizationTable: 1 },
      { id: 3, horizontal: 1, vertical: 1, quantizationTable: 1 },
    ]);
    equal(hex(bytes.subarray(-5)), "aabbccffd9");
  }
});

Deno.test("broken images", () => {
  const cases: [image: string, error: RegExp][] = [
    ["00d8", /marker at offset 0/],
    ["ffd9", /SOI/],
    ["ffd8 ffda0002 aa", /SOF: is missing|SOF at offset \d+: is missing/],
    ["ffd8 ffdb0003 20", /Pq/],
    ["ffd8 ffdb0003 04", /Tq/],
    ["ffd8 ffdb0004 0000", /Qk/],
    ["ffd8 ffc2000b", /segment/],
    ["ffd8 ffe00001", /segment/],
    ["ffd8 ffc00008 0c 0010 0010 00", /only 8 bits/],
  ];
  for (const [image, error] of cases) throws(() => parseJpeg(fromHex(image)), error, image);
  fuzz("JPEG", [fixture("mjpeg.bin").subarray(0, 700)], (bytes) => void parseJpeg(bytes));
});
