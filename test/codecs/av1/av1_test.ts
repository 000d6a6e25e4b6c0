import { leb128Size, parseLeb128, serializeLeb128 } from "../../../src/codecs/av1/leb128.ts";
import { parseObuStream, serializeObuStream, stripSizeField } from "../../../src/codecs/av1/obu.ts";
import { av1Props } from "../../../src/codecs/av1/props.ts";
import { parseAv1SequenceHeader } from "../../../src/codecs/av1/sequence_header.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { ivfFrames } from "../../rtp/payload/video_support.ts";

Deno.test("leb128", () => {
  const cases: [value: number, bytes: string][] = [
    [0, "00"],
    [127, "7f"],
    [128, "8001"],
    [300, "ac02"],
    [0xffffffff, "ffffffff0f"],
  ];
  for (const [value, bytes] of cases) {
    equal(hex(serializeLeb128(value)), bytes);
    equal(leb128Size(value), bytes.length / 2);
    equal(parseLeb128(fromHex("ee" + bytes), 1, "x"), { value, size: bytes.length / 2 });
  }
  equal(parseLeb128(fromHex("818000"), 0, "padded"), { value: 1, size: 3 });
  throws(() => parseLeb128(fromHex("80"), 0, "x"), /ends inside/);
  throws(() => parseLeb128(fromHex("ffffffff1f"), 0, "x"), /above 32 bits/);
  throws(() => parseLeb128(fromHex("808080808080808000"), 0, "x"), /longer than 8/);
});

Deno.test("OBU streams, there and back", () => {
  for (const unit of ivfFrames("av1.ivf")) {
    const obus = parseObuStream(unit);
    // The file's temporal delimiter (12 00) is not part of our units.
    equal(hex(serializeObuStream(obus)), hex(unit).replace(/^1200/, ""));
  }
  equal(parseObuStream(fromHex("1200 0a01cc 30aabb")).map(hex), ["08cc", "30aabb"]);
  equal(hex(stripSizeField(fromHex("3620 02 aabb ff"))), "3420aabb");
  throws(() => parseObuStream(fromHex("0a05cc")), /runs over the temporal unit/);
  throws(() => stripSizeField(new Uint8Array()), /is empty/);
  throws(() => parseObuStream(fromHex("d5")), /obu_extension_header.*is cut off/);
  fuzz(
    "OBU stream",
    ivfFrames("av1.ivf").map((unit) => unit.subarray(0, 60)),
    (bytes) => void serializeObuStream(parseObuStream(bytes)),
  );
});

Deno.test("sequence header of libaom", () => {
  const [header] = parseObuStream(ivfFrames("av1.ivf")[0]);
  const parsed = parseAv1SequenceHeader(header);
  equal([parsed.profile, parsed.levelIdx, parsed.tier], [0, 0, 0]);
  equal([parsed.maxWidth, parsed.maxHeight], [64, 48]);
  const { bitDepth, monochrome, subsamplingX, subsamplingY } = parsed.color;
  equal([bitDepth, monochrome, subsamplingX, subsamplingY], [8, false, true, true]);
  throws(() => parseAv1SequenceHeader(fromHex("30aabb")), /obu_type/);
  throws(() => parseAv1SequenceHeader(header.subarray(0, 4)), /needs/);
  fuzz("sequence header", [header], (bytes) => void parseAv1SequenceHeader(bytes));
});

/** Fields: profile, level index, bit depth, horizontal subsampling; as ffprobe tells them. */
const sequenceHeaders: {
  obu: string;
  width: number;
  height: number;
  fields: [number, number, number, boolean];
}[] = [
  // SVT-AV1 4:2:0 10 bits, libaom 4:4:4, rav1e 4:2:2.
  { obu: "080000002d4cffb3cfbf9404", width: 1280, height: 720, fields: [0, 5, 10, true] },
  { obu: "08200000043d06d4daf902", width: 322, height: 182, fields: [1, 0, 8, false] },
  { obu: "08400000fa627fb38842a2040404a0", width: 640, height: 360, fields: [2, 31, 8, true] },
];

Deno.test("sequence headers of other encoders", () => {
  for (const { obu, width, height, fields } of sequenceHeaders) {
    const parsed = parseAv1SequenceHeader(fromHex(obu));
    equal([parsed.maxWidth, parsed.maxHeight], [width, height]);
    equal([parsed.profile, parsed.levelIdx, parsed.color.bitDepth, parsed.color.subsamplingX], fields);
  }
});

Deno.test("properties", () => {
  equal(av1Props({ name: "AV1" }), { width: 0, height: 0, profile: 0, level: 0, tier: 0 });
  equal(av1Props({ name: "AV1", profile: 1, levelIdx: 8, tier: 1 }), {
    width: 0,
    height: 0,
    profile: 1,
    level: 8,
    tier: 1,
  });
});
