import type { Vp9Codec } from "../../../src/codecs/codec.ts";
import { vp9Format } from "../../../src/rtp/payload/vp9.ts";
import { equal, fromHex, hex, ok } from "../../support/assert.ts";
import { hexAll, ivfFrames, packetsOf, toPackets } from "./video_support.ts";

const codec: Vp9Codec = { name: "VP9" };

/** RFC 9628 §4.2. Flags: I 80, P 40, L 20, F 10, B 08, E 04, V 02. Frames begin with 82 (key) or 86 (inter). */
const cases: [name: string, payloads: string[], frame: string | null, key: boolean, errors: string[]][] = [
  ["shortest descriptor", ["0c 82aabb"], "82aabb", true, []],
  ["inter frame", ["4c 86aabb"], "86aabb", false, []],
  ["cut frame", ["08 82aa", "00 bb", "04 cc"], "82aabbcc", true, []],
  ["7-bit picture id", ["8c 11 82aa"], "82aa", true, []],
  ["15-bit picture id", ["8c 9234 82aa"], "82aa", true, []],
  ["layer indices and TL0PICIDX", ["ac 9234 01 07 82aa"], "82aa", true, []],
  ["flexible mode: layer indices, three references", ["fc 9234 01 03 05 06 86aa"], "86aa", false, []],
  ["flexible mode, no references for a key frame", ["bc 9234 01 82aa"], "82aa", true, []],
  [
    "scalability structure: two sizes, two pictures",
    [
      "8e 9234 38 0140 00f0 0280 01e0 02 04 01 08 01 02 82aa",
    ],
    "82aa",
    true,
    [],
  ],
  ["scalability structure: one layer, no size", ["8e 9234 00 82aa"], "82aa", true, []],
  ["two spatial layers", ["ac 9234 01 07 82aa", "ac 9234 03 07 86bb"], "82aa86bb", true, []],
  ["second layer incomplete", ["0c 82aa", "08 86bb"], "82aa", true, ["end of the frame is missing"]],
  ["start lost", ["04 bb"], null, false, ["part of the frame is missing"]],
  ["end lost", ["08 82bb", "0c 82cc"], null, true, ["part of the frame is missing"]],
  ["descriptor cut", ["8e 9234 38 0140"], null, false, ["payload descriptor is broken"]],
  ["empty", [""], null, false, ["payload descriptor is broken"]],
];

for (const [name, payloads, frame, key, errors] of cases) {
  Deno.test(`VP9 depacketizer: ${name}`, () => {
    const packets = packetsOf(...payloads.map(fromHex));
    const result = vp9Format.depacketize(packets, codec);
    equal({ payload: hexAll(result.payload), errors: result.errors }, {
      payload: frame === null ? null : [frame],
      errors,
    });
    equal(vp9Format.isRandomAccess!(packets), key);
  });
}

Deno.test("VP9 packetizer: key frames carry their size, others say that they are predicted", () => {
  const [keyFrame, interFrame] = ivfFrames("vp9.ivf");
  const key = toPackets(vp9Format.packetize([keyFrame], codec, 100));
  equal(hex(key[0].payload.subarray(0, 6)), "0a1000400030");
  equal(key[1].payload[0], 0x00);
  equal(key[key.length - 1].payload[0], 0x04);
  const inter = toPackets(vp9Format.packetize([interFrame], codec, 5000));
  equal(inter.map((packet) => packet.payload[0]), [0x4c]);
  equal(vp9Format.packetize([], codec, 100), []);
});

Deno.test("VP9: the profile follows key frames", () => {
  const cases: [frame: string, profileId: number | undefined][] = [
    ["82aa", undefined],
    ["a2aa", 1],
    ["92aa", 2],
    ["b1aa", 3],
    ["a6aa", undefined],
  ];
  for (const [frame, profileId] of cases) {
    const packets = packetsOf(fromHex("0c" + frame));
    const updated = vp9Format.updateCodecFromPackets!(packets, codec);
    equal(updated.profileId, profileId, frame);
    ok(vp9Format.updateCodecFromPackets!(packets, updated) === updated);
    equal(vp9Format.updateCodec!([fromHex(frame)], codec), updated);
  }
});
