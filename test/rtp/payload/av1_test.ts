import { parseObuStream } from "../../../src/codecs/av1/obu.ts";
import type { Av1Codec } from "../../../src/codecs/codec.ts";
import { av1Format } from "../../../src/rtp/payload/av1.ts";
import { equal, fromHex, hex, ok } from "../../support/assert.ts";
import { hexAll, ivfFrames, packetsOf, toPackets } from "./video_support.ts";

const codec: Av1Codec = { name: "AV1" };

/** §4.3 to 4.5 of the payload format. Headers: Z 80, Y 40, W 30, N 08. */
const cases: [name: string, payloads: string[], obus: string[] | null, errors: string[]][] = [
  ["one element without size", ["10 30aabb"], ["30aabb"], []],
  ["two, counted", ["20 02 08cc 30aabb"], ["08cc", "30aabb"], []],
  ["all with size", ["00 02 08cc 03 30aabb"], ["08cc", "30aabb"], []],
  ["continued", ["50 30aa", "d0 bb", "90 cc"], ["30aabbcc"], []],
  ["continued, another behind", ["50 30aa", "a0 01 bb 08cc"], ["30aabb", "08cc"], []],
  ["temporal delimiter and tile list", ["30 02 1000 02 4000 30aa"], ["30aa"], []],
  ["own size field", ["10 32 02 aabb"], ["30aabb"], []],
  ["own size field, with extension", ["10 36 20 02 aabb"], ["3420aabb"], []],
  ["own size field too large", ["20 02 08cc 32 05 aa"], ["08cc"], [
    "obu_size at offset 1: is 5, 1 bytes left",
  ]],
  ["no start", ["90 bb", "10 30aa"], ["30aa"], ["start of a fragmented OBU is missing"]],
  ["no end", ["50 30bb", "10 30aa"], ["30aa"], ["end of a fragmented OBU is missing"]],
  ["no end at all", ["50 30bb"], null, ["end of a fragmented OBU is missing"]],
  ["element too large", ["00 09 30"], null, ["OBU element at offset 2: runs over the packet"]],
  ["empty packets", ["10", "", "10 30aa"], ["30aa"], []],
];

for (const [name, payloads, obus, errors] of cases) {
  Deno.test(`AV1 depacketizer: ${name}`, () => {
    const result = av1Format.depacketize(packetsOf(...payloads.map(fromHex)), codec);
    equal({ obus: hexAll(result.payload), errors: result.errors }, { obus, errors });
  });
}

Deno.test("AV1 packetizer", () => {
  const packetize = (obus: string[], size: number) =>
    toPackets(av1Format.packetize(obus.map(fromHex), codec, size)).map((packet) => hex(packet.payload));
  equal(packetize(["30aabb"], 100), ["1030aabb"]);
  equal(packetize(["1000", "08cc", "30aabb"], 100), ["28" + "0208cc" + "30aabb"]);
  equal(packetize(["30aa", "30bb", "30cc", "30dd"], 100), ["00" + "0230aa0230bb0230cc0230dd"]);
  equal(packetize(["30aabbccdd"], 4), ["5030aabb", "90ccdd"]);
  equal(packetize(["30aa", "30bbccddee"], 7), ["60" + "0230aa" + "30bbcc", "90ddee"]);
});

Deno.test("AV1 random access: N, or a sequence header in the first packet", () => {
  const looks: [payloads: string[], expected: boolean][] = [
    [["18 30aabb"], true],
    [["10 30aabb"], false],
    [["20 02 08cc 30aabb"], true],
    [["00 02 1000 02 08cc 02 30aa"], true],
    [["90 08cc", "10 30aa"], false],
    [["10"], false],
  ];
  for (const [payloads, expected] of looks) {
    equal(av1Format.isRandomAccess!(packetsOf(...payloads.map(fromHex))), expected, payloads.join());
  }
});

Deno.test("AV1 sequence header of libaom becomes the codec's", () => {
  const obus = parseObuStream(ivfFrames("av1.ivf")[0]);
  for (const size of [12, 200]) {
    const packets = toPackets(av1Format.packetize(obus, codec, size));
    ok(av1Format.isRandomAccess!(packets));
    const updated = av1Format.updateCodecFromPackets!(packets, codec);
    equal([updated.profile, updated.levelIdx, updated.tier], [0, 0, 0]);
    equal(hex(updated.sequenceHeader!), hex(obus[0]));
    ok(av1Format.updateCodecFromPackets!(packets, updated) === updated);
    ok(av1Format.updateCodec!(obus, updated) === updated);
    equal(av1Format.updateCodec!(obus, codec), updated);
  }
  const inter = toPackets(av1Format.packetize(parseObuStream(ivfFrames("av1.ivf")[1]), codec, 200));
  equal(av1Format.isRandomAccess!(inter), false);
  ok(av1Format.updateCodecFromPackets!(inter, codec) === codec);
});

Deno.test("AV1: an unreadable sequence header changes nothing", () => {
  ok(av1Format.updateCodec!([fromHex("08ff")], codec) === codec);
});
