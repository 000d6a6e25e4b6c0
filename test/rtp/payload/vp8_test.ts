import type { Vp8Codec } from "../../../src/codecs/codec.ts";
import { vp8Format } from "../../../src/rtp/payload/vp8.ts";
import { equal, fromHex, hex } from "../../support/assert.ts";
import { hexAll, packetsOf, toPackets } from "./video_support.ts";

const codec: Vp8Codec = { name: "VP8" };

/** RFC 7741 §4.2; frames begin with 10 (key) or 11 (inter). */
const cases: [name: string, payloads: string[], frame: string | null, key: boolean, errors: string[]][] = [
  ["one byte of descriptor", ["10 10aabb"], "10aabb", true, []],
  ["inter frame", ["10 11aabb"], "11aabb", false, []],
  ["cut frame, two partitions", ["10 10aa", "00 bb", "11 cc"], "10aabbcc", true, []],
  ["7-bit picture id", ["90 80 11 10aa"], "10aa", true, []],
  ["15-bit picture id", ["90 80 9234 10aa"], "10aa", true, []],
  ["picture id, TL0PICIDX, TID and KEYIDX", ["90 f0 9234 05 e1 11aa"], "11aa", false, []],
  ["only KEYIDX", ["90 10 01 10aa"], "10aa", true, []],
  ["start lost", ["00 bb", "00 cc"], null, false, ["start of the frame is missing"]],
  ["second partition first", ["11 bb"], null, false, ["start of the frame is missing"]],
  ["descriptor cut", ["90 80"], null, false, ["payload descriptor is broken"]],
  ["nothing but descriptor", ["10"], null, false, ["frame is empty"]],
];

for (const [name, payloads, frame, key, errors] of cases) {
  Deno.test(`VP8 depacketizer: ${name}`, () => {
    const packets = packetsOf(...payloads.map(fromHex));
    const result = vp8Format.depacketize(packets, codec);
    equal({ payload: hexAll(result.payload), errors: result.errors }, {
      payload: frame === null ? null : [frame],
      errors,
    });
    equal(vp8Format.isRandomAccess!(packets), key);
    if (result.payload !== null) equal(vp8Format.isRandomAccessPayload!(result.payload), key);
  });
}

Deno.test("VP8 depacketizer: without its last packet a frame is not whole", () => {
  const packets = packetsOf(...["10 10aa", "00 bb", "00 cc"].map(fromHex));
  equal(vp8Format.depacketize(packets.slice(0, 2), codec), {
    payload: null,
    errors: ["end of the frame is missing"],
  });
  equal(vp8Format.depacketize(packets.toSpliced(1, 1), codec).errors, ["part of the frame is missing"]);
  equal(vp8Format.depacketize([], codec), { payload: null, errors: ["unit is empty"] });
});

Deno.test("VP8 packetizer", () => {
  const packets = toPackets(vp8Format.packetize([fromHex("10aabbccdd")], codec, 3));
  equal(packets.map((packet) => hex(packet.payload)), ["1010aa", "00bbcc", "00dd"]);
  equal(vp8Format.packetize([], codec, 3), []);
});
