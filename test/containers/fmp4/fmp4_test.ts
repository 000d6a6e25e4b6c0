import { ParseError } from "../../../src/base/errors.ts";
import { parseInit, parseParts, serializeInit, serializePart } from "../../../src/containers/fmp4/mod.ts";
import { readBoxes } from "../../../src/containers/fmp4/read/boxes.ts";
import { avcCodecString, hevcCodecString } from "../../../src/codecs/codec_string.ts";
import { equal, hex, ok, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { asPartTrack, fixtureNames, fmp4Fixture, readFixture } from "./support.ts";

/** The box with this path in a tree of boxes; sample entries have `skip` bytes before their children. */
function configBox(bytes: Uint8Array, entry: string, skip: number, type: string): string {
  const inside = ["moov", "trak", "mdia", "minf", "stbl"].reduce(
    (boxes, name) => readBoxes(boxes.find((box) => box.type === name)!.body),
    readBoxes(bytes),
  );
  const stsd = inside.find((box) => box.type === "stsd")!;
  const found = readBoxes(stsd.body.subarray(8)).find((box) => box.type === entry)!;
  return hex(readBoxes(found.body.subarray(skip)).find((box) => box.type === type)!.body);
}

Deno.test("what FFmpeg wrote is read", () => {
  const summary = fixtureNames.map((name) => {
    const { track, fragments } = readFixture(name);
    const samples = fragments.flatMap((fragment) => fragment.tracks[0].samples);
    const size = "width" in track.codec ? `${track.codec.width}x${track.codec.height}` : "";
    const sync = samples.map((sample, i) => sample.sync ? i : -1).filter((i) => i >= 0).length;
    return `${track.codec.name} ${track.timescale} ${size} ${samples.length} ${sync}`;
  });
  equal(summary, [
    "H264 12800 64x48 12 2",
    "H265 12800 64x48 12 2",
    "AV1 12800 64x48 12 2",
    "VP9 12800 64x48 12 2",
    "MPEG-4 Video 12800 64x48 12 2",
    "MPEG-4 Audio 48000  16 16",
    "Opus 48000  16 16",
    "FLAC 48000  4 4",
    "AC3 48000  10 10",
  ]);
});

Deno.test("decoder configurations are those of FFmpeg, byte for byte", () => {
  const table = [
    ["h264", "avc1", 78, "avcC"],
    ["vp9", "vp09", 78, "vpcC"],
    ["av1", "av01", 78, "av1C"],
    ["flac", "fLaC", 28, "dfLa"],
    ["ac3", "ac-3", 28, "dac3"],
  ] as const;
  for (const [name, entry, skip, type] of table) {
    const { track } = readFixture(name);
    const own = serializeInit([{ id: 1, timescale: track.timescale, codec: track.codec }]);
    equal(configBox(own, entry, skip, type), configBox(fmp4Fixture(name), entry, skip, type), name);
  }
});

Deno.test("hvcC has what FFmpeg's has, without the SEI", () => {
  const { track } = readFixture("h265");
  const own = configBox(serializeInit([track]), "hvc1", 78, "hvcC");
  const foreign = configBox(fmp4Fixture("h265"), "hvc1", 78, "hvcC");
  // Version, profile, tier, compatibility, constraints, level.
  equal(own.slice(0, 26), foreign.slice(0, 26));
  // Segmentation and parallelism are ours to leave unknown; chroma format and bit depths are not.
  equal(own.slice(32, 38), foreign.slice(32, 38));
  equal(own.slice(42, 44), foreign.slice(42, 44), "layers and length size");
});

Deno.test("init segments round trip", () => {
  const tracks = fixtureNames.map((name, i) => {
    const { timescale, codec } = readFixture(name).track;
    return { id: i + 1, timescale, codec };
  });
  equal(parseInit(serializeInit(tracks)).map(({ defaults: _, ...track }) => track), tracks);
});

Deno.test("Opus with more channels has a mapping table", () => {
  const tracks = [{ id: 1, timescale: 48000, codec: { name: "Opus", channelCount: 6 } as const }];
  const own = serializeInit(tracks);
  equal(configBox(own, "Opus", 28, "dOps"), "000600000000bb8000000104020004010203" + "05");
  equal(parseInit(own)[0].codec, { name: "Opus", channelCount: 6 });
});

Deno.test("parts round trip, all tracks in one", () => {
  const parts = fixtureNames.map((name, i) => {
    const part = asPartTrack(readFixture(name).fragments[0]);
    return { ...part, id: i + 1, baseTime: 2 ** 40 + i };
  });
  const [fragment, ...others] = parseParts(serializePart(77, parts));
  equal(others, []);
  equal(fragment.sequence, 77);
  equal(
    fragment.tracks.map(({ samples, ...track }) => ({
      ...track,
      samples: samples.map(({ data, ...sample }) => ({ ...sample, payload: [hex(data)] })),
    })),
    parts.map(({ id, baseTime, samples }) => ({
      id,
      baseTime,
      samples: samples.map((sample) => ({ ...sample, payload: sample.payload.map(hex) })),
    })),
  );
});

Deno.test("NAL units get their length, composition offsets may be negative", () => {
  const sample = { duration: 3000, compositionOffset: -1500, sync: true };
  const payload = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];
  const bytes = serializePart(1, [{ id: 1, baseTime: 0, nalUnits: true, samples: [{ ...sample, payload }] }]);
  const [{ data, ...rest }] = parseParts(bytes)[0].tracks[0].samples;
  equal(rest, sample);
  equal(hex(data), "00000003010203" + "0000000104");
});

Deno.test("codec strings of real parameter sets", () => {
  const h264 = readFixture("h264").track.codec;
  const h265 = readFixture("h265").track.codec;
  ok(h264.name === "H264" && h265.name === "H265");
  equal(avcCodecString(h264.sps[0]), "avc1.64000A".toLowerCase());
  equal(hevcCodecString(h265.sps[0]), "hvc1.1.6.L30.90");
});

Deno.test("what is missing or does not fit is an error that names it", () => {
  throws(() => parseInit(new Uint8Array(0)), new ParseError("moov", "is missing"));
  const part = serializePart(1, [asPartTrack(readFixture("aac").fragments[0])]);
  throws(() => parseParts(part.subarray(0, part.length - 1)), ParseError);
});

Deno.test("fuzz: init segments", () => {
  const seeds = fixtureNames.map((name) => serializeInit([readFixture(name).track]));
  fuzz("init", [...seeds, ...fixtureNames.map((name) => fmp4Fixture(name).subarray(0, 1500))], parseInit);
});

Deno.test("fuzz: parts", () => {
  const seeds = fixtureNames.map((name) => serializePart(1, [asPartTrack(readFixture(name).fragments[0])]));
  fuzz("parts", seeds.map((seed) => seed.subarray(0, 600)), (bytes) => parseParts(bytes));
  fuzz("parts", seeds, (bytes) => parseParts(bytes), 1000);
});
