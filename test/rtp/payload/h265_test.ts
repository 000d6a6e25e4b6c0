import type { H265Codec } from "../../../src/codecs/codec.ts";
import { h265Format } from "../../../src/rtp/payload/h265.ts";
import { equal, fromHex, hex, ok } from "../../support/assert.ts";
import { hexAll, packetsOf, toPackets } from "./video_support.ts";

const plain: H265Codec = { name: "H265" };
const ordered: H265Codec = { name: "H265", maxDonDiff: 2 };

/** RFC 7798 §4.4. */
const cases: [
  name: string,
  codec: H265Codec,
  payloads: string[],
  units: string[] | null,
  errors: string[],
][] = [
  ["single NAL units", plain, ["4001aa", "4201bb", "2601cc"], ["4001aa", "4201bb", "2601cc"], []],
  ["aggregation", plain, ["6001 0003 4001aa 0003 4201bb"], ["4001aa", "4201bb"], []],
  ["fragmentation", plain, ["6201 93 0102", "6201 13 03", "6201 53 04"], ["260101020304"], []],
  ["layer and temporal id are kept", plain, ["630a 93 01", "630a 53 02"], ["270a0102"], []],
  ["no start", plain, ["6201 13 03", "0201aa"], ["0201aa"], ["start of a fragmented NAL unit is missing"]],
  ["no end", plain, ["6201 93 03", "0201aa"], ["0201aa"], ["end of a fragmented NAL unit is missing"]],
  ["PACI and unspecified", plain, ["6401 aabb", "6601 aabb", "0201aa"], ["0201aa"], [
    "PACI is not supported",
    "packet type 51 is not specified",
  ]],
  ["size too large", plain, ["6001 0003 4001aa 0009 42"], ["4001aa"], [
    "NAL unit in aggregation packet runs over the packet",
  ]],
  ["delimiters are dropped", plain, ["460150", "2601cc"], ["2601cc"], []],
  ["too short", plain, ["46"], null, ["packet is too short"]],
  ["end of sequence is all header", plain, ["4801"], ["4801"], []],
  ["byte stream", plain, ["00000001 4001aa 00000001 2601cc"], ["4001aa", "2601cc"], []],
  ["DONL in single NAL units", ordered, ["0201 0007 bb", "0201 0005 aa"], ["0201aa", "0201bb"], []],
  ["order numbers wrap", ordered, ["0201 0001 bb", "0201 ffff aa"], ["0201aa", "0201bb"], []],
  ["DONL and DOND in aggregation", ordered, ["6001 0005 0003 0201aa 01 0003 0201cc", "0201 0006 bb"], [
    "0201aa",
    "0201bb",
    "0201cc",
  ], []],
  ["DONL in the first fragment", ordered, ["6201 81 0009 bb", "6201 41 cc", "0201 0008 aa"], [
    "0201aa",
    "0201bbcc",
  ], []],
  ["DONL is missing", ordered, ["020100", "0201 0008 aa"], ["0201aa"], ["DONL is missing"]],
];

for (const [name, codec, payloads, units, errors] of cases) {
  Deno.test(`H265 depacketizer: ${name}`, () => {
    const result = h265Format.depacketize(packetsOf(...payloads.map(fromHex)), codec);
    equal({ units: hexAll(result.payload), errors: result.errors }, { units, errors });
  });
}

Deno.test("H265 packetizer: aggregation and fragmentation", () => {
  const units = ["4001aa", "4202bb", "2601" + "ab".repeat(40)].map(fromHex);
  const packets = toPackets(h265Format.packetize(units, plain, 20));
  equal(packets.map((packet) => hex(packet.payload)), [
    "600100034001aa00034202bb",
    "620193" + "ab".repeat(17),
    "620113" + "ab".repeat(17),
    "620153" + "ab".repeat(6),
  ]);
});

Deno.test("H265 random access: a look at packets", () => {
  const looks: [codec: H265Codec, payloads: string[], expected: boolean][] = [
    [plain, ["2601aa"], true],
    [plain, ["2a01aa"], true],
    [plain, ["0201aa"], false],
    [plain, ["4001aa", "4201bb", "4401cc", "2601dd"], true],
    [plain, ["6001 0003 4001aa 0003 2601dd"], true],
    [plain, ["6001 0003 4001aa 0003 0201dd"], false],
    [ordered, ["6001 0005 0003 4001aa 01 0003 2601cc"], true],
    [ordered, ["6001 0005 0003 4001aa 01 0003 0201cc"], false],
    [plain, ["6201 93 0102", "6201 53 04"], true],
    [plain, ["6201 13 0102", "6201 53 04"], false],
    [plain, ["00000001 4001aa 00000001 2601cc"], true],
  ];
  for (const [codec, payloads, expected] of looks) {
    const packets = packetsOf(...payloads.map(fromHex));
    equal(h265Format.isRandomAccess!(packets), expected, payloads.join());
    const whole = h265Format.depacketize(packets, codec).payload;
    if (whole !== null) equal(h265Format.isRandomAccessPayload!(whole), expected);
  }
});

Deno.test("H265 parameters in band: a new codec only when they differ", () => {
  const sets: [H265Codec, string[]][] = [
    [plain, ["4001aa", "4201bb", "4401cc", "2601dd"]],
    [plain, ["6001 0003 4001aa 0003 4201bb 0003 4401cc", "2601dd"]],
    [plain, ["00000001 4001aa 00000001 4201bb 00000001 4401cc 00000001 2601dd"]],
    [plain, ["6201 a0 aa", "6201 60 ab", "4001aa", "4201bb", "4401cc"]],
    [ordered, ["6001 0005 0003 4001aa 00 0003 4201bb 00 0003 4401cc"]],
    [ordered, ["4001 0001 aa", "4201 0002 bb", "4401 0003 cc"]],
  ];
  for (const [codec, payloads] of sets) {
    const packets = packetsOf(...payloads.map(fromHex));
    const updated = h265Format.updateCodecFromPackets!(packets, codec);
    equal([updated.vps, updated.sps, updated.pps].map((set) => hex(set!)), ["4001aa", "4201bb", "4401cc"]);
    ok(h265Format.updateCodecFromPackets!(packets, updated) === updated);
    const { payload } = h265Format.depacketize(packets, codec);
    equal(h265Format.updateCodec!(payload!, codec), updated);
  }
});
