import type { MjpegCodec } from "../../../src/codecs/codec.ts";
import { parseJpeg } from "../../../src/codecs/mjpeg/jpeg.ts";
import { mjpegFormat } from "../../../src/rtp/payload/mjpeg.ts";
import { equal, fromHex, hex, match, ok } from "../../support/assert.ts";
import { capturedUnits, fixture, packetsOf, toPackets } from "./video_support.ts";

const codec: MjpegCodec = { name: "M-JPEG" };

function image(...payloads: string[]) {
  const { payload, errors } = mjpegFormat.depacketize(packetsOf(...payloads.map(fromHex)), codec);
  return { image: payload === null ? null : parseJpeg(payload[0]), errors };
}

Deno.test("M-JPEG depacketizer: tables from Q", () => {
  const { image: jpeg, errors } = image("00 000000 01 32 02 04 aabb", "00 000002 01 32 02 04 ccdd");
  equal(errors, []);
  equal([jpeg!.width, jpeg!.height, hex(jpeg!.scan), jpeg!.restartInterval], [16, 32, "aabbccdd", 0]);
  // Q 50 is the tables of ITU-T T.81 Annex K themselves.
  equal(jpeg!.quantizationTables.map((table) => hex(table.values.subarray(0, 8))), [
    "100b0c0e0c0a100e",
    "1112121815182f1a",
  ]);
  equal(jpeg!.huffmanTables.map((table) => table.symbols.length), [12, 162, 12, 162]);
  const q = (value: string) =>
    hex(image(`00 000000 01 ${value} 02 04 aa`).image!.quantizationTables[0].values.subarray(0, 4));
  equal([q("19"), q("4b"), q("63"), q("01")], [
    "2016181c",
    "08060607",
    "01010101",
    "ffffffff",
  ]);
});

Deno.test("M-JPEG depacketizer: 4:2:2, restart markers, tables in band", () => {
  const tables = "00 00 0080" + "03".repeat(64) + "05".repeat(64);
  const { image: jpeg } = image(
    `00 000000 40 ff 02 04 0008 ffff ${tables} aabb`,
    "00 000002 40 ff 02 04 0008 ffff ccffd9",
  );
  equal(jpeg!.components.map(({ horizontal, vertical }) => [horizontal, vertical]), [[2, 1], [1, 1], [1, 1]]);
  equal([jpeg!.restartInterval, hex(jpeg!.scan)], [8, "aabbcc"]);
  equal(jpeg!.quantizationTables.map(({ values }) => values[63]), [3, 5]);
  // Precision bits: the first table has 16-bit values.
  const wide = "00 01 00c0" + "0103".repeat(64) + "05".repeat(64);
  const second = image(`00 000000 01 80 02 04 ${wide} aabb`).image!;
  equal(second.quantizationTables.map(({ values }) => values.length), [128, 64]);
});

Deno.test("M-JPEG depacketizer: what is broken", () => {
  const cases: [payloads: string[], error: RegExp][] = [
    [["00 000002 01 32 02 04 ccdd"], /fragment offset: is 2, expected 0/],
    [["00 000000 01 32 02 04 aabb", "00 000004 01 32 02 04 cc"], /is 4, expected 2/],
    [["00 000000 02 32 02 04 aabb"], /type at offset 8: 2 is not supported/],
    [["00 000000 01 64 02 04 aabb"], /100 is reserved/],
    [["00 000000 01 00 02 04 aabb"], /0 is reserved/],
    [["00 000000 01 32 00 04 aabb"], /above 2040 pixels/],
    [["00 000000 01 80 02 04 0000 0000 aabb"], /not sent with the image/],
    [["00 000000 01 ff 02 04 0000 0080 aabb"], /quantization table/],
    [["00 000000 01 32 02 04"], /image: is empty/],
    [["00 0000"], /fragment offset/],
  ];
  for (const [payloads, error] of cases) {
    const result = image(...payloads);
    equal(result.image, null);
    match(result.errors[0], error);
  }
});

Deno.test("M-JPEG depacketizer: the marker may be missing when EOI is there", () => {
  const packets = packetsOf(
    fromHex("00 000000 01 32 02 04 aabb"),
    fromHex("00 000002 01 32 02 04 ffd9"),
    fromHex("00"),
  );
  ok(mjpegFormat.depacketize(packets.slice(0, 2), codec).payload !== null);
  equal(mjpegFormat.depacketize(packets.slice(0, 1), codec).errors, ["image: has no end"]);
});

Deno.test("M-JPEG packetizer: restart interval, size that is no multiple of 8", () => {
  const parts = "ffd8 ffdb0043 00" + "07".repeat(64) +
    "ffdd0004000a ffc00011 08 0011 0012 03 012100 021100 031100" +
    "ffda000c03010002110311003f00";
  const jpeg = fromHex(parts + "aabbccddee ffd9 0000");
  const [packet] = toPackets(mjpegFormat.packetize([jpeg], codec, 1000));
  equal(hex(packet.payload.subarray(0, 12)), "0000000040ff0303000affff");
  equal(hex(packet.payload.subarray(12 + 4 + 128)), "aabbccddee");
});

Deno.test("M-JPEG packetizer: what the format cannot carry", () => {
  const [unit] = capturedUnits("mjpeg_ff.rtp");
  const jpeg = mjpegFormat.depacketize(unit, codec).payload![0];
  ok(mjpegFormat.packetize([jpeg], codec, 500).length > 0);
  const change = (marker: number, offset: number, value: number) => {
    const copy = jpeg.slice();
    const at = copy.findIndex((_, i) => copy[i] === 0xff && copy[i + 1] === marker);
    copy[at + offset] = value;
    return mjpegFormat.packetize([copy], codec, 500).length;
  };
  equal(change(0xc0, 1, 0xc2), 0, "progressive");
  equal(change(0xc0, 11, 0x11), 0, "4:4:4");
  equal(change(0xc0, 7, 0x10), 0, "wider than 2040 pixels");
  equal(change(0xc4, 22, 0x09), 0, "own Huffman table");
  equal(mjpegFormat.packetize([fixture("h264.bin")], codec, 500), []);
  equal(mjpegFormat.packetize([], codec, 500), []);
});
