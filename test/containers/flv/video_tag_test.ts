import type { ExVideoTag } from "../../../src/containers/flv/ex_video.ts";
import { parseVideoTag, serializeVideoTag, type VideoTag } from "../../../src/containers/flv/video_tag.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";

const bytes = (text: string) => fromHex(text);

function enhanced(fields: Partial<ExVideoTag>): ExVideoTag {
  return {
    form: "enhanced",
    frameType: 1,
    nanoseconds: 0,
    packet: "codedFrames",
    multitrack: null,
    tracks: [],
    ...fields,
  };
}

function track(fourCc: string, data: string, trackId = 0, compositionTime = 0) {
  return { trackId, fourCc, compositionTime, data: bytes(data) };
}

const cases: { name: string; hex: string; tag: VideoTag }[] = [
  {
    name: "H.264 sequence header",
    hex: "17 00 000000 0142c01e",
    tag: {
      form: "legacy",
      frameType: 1,
      codecId: 7,
      packet: "sequenceStart",
      compositionTime: 0,
      data: bytes("0142c01e"),
    },
  },
  {
    name: "H.264 inter frame that is shown 80 ms after it is decoded",
    hex: "27 01 000050 00000002 4188",
    tag: {
      form: "legacy",
      frameType: 2,
      codecId: 7,
      packet: "codedFrames",
      compositionTime: 80,
      data: bytes("00000002 4188"),
    },
  },
  {
    name: "negative composition time",
    hex: "27 01 ffffd8 00000001 41",
    tag: {
      form: "legacy",
      frameType: 2,
      codecId: 7,
      packet: "codedFrames",
      compositionTime: -40,
      data: bytes("00000001 41"),
    },
  },
  {
    name: "H.264 end of sequence",
    hex: "17 02 000000",
    tag: {
      form: "legacy",
      frameType: 1,
      codecId: 7,
      packet: "sequenceEnd",
      compositionTime: 0,
      data: bytes(""),
    },
  },
  {
    name: "H.265 under codec id 12",
    hex: "1c 00 000000 01",
    tag: {
      form: "legacy",
      frameType: 1,
      codecId: 12,
      packet: "sequenceStart",
      compositionTime: 0,
      data: bytes("01"),
    },
  },
  {
    name: "Sorenson: no packet type",
    hex: "22 0000840a",
    tag: {
      form: "legacy",
      frameType: 2,
      codecId: 2,
      packet: "codedFrames",
      compositionTime: 0,
      data: bytes("0000840a"),
    },
  },
  { name: "seek command", hex: "50 01", tag: { form: "command", command: 1 } },
  {
    name: "H.265 sequence start",
    hex: "90 68766331 01010000",
    tag: enhanced({ packet: "sequenceStart", tracks: [track("hvc1", "01010000")] }),
  },
  {
    name: "H.265 coded frames have a composition time",
    hex: "a1 68766331 000021 00000002 0201",
    tag: enhanced({ frameType: 2, tracks: [track("hvc1", "00000002 0201", 0, 33)] }),
  },
  {
    name: "H.265 coded frames X have none",
    hex: "a3 68766331 00000002 0201",
    tag: enhanced({ frameType: 2, packet: "codedFramesX", tracks: [track("hvc1", "00000002 0201")] }),
  },
  {
    name: "AV1 coded frames have none",
    hex: "91 61763031 0a0b0000",
    tag: enhanced({ tracks: [track("av01", "0a0b0000")] }),
  },
  {
    name: "VP9 sequence end",
    hex: "92 76703039",
    tag: enhanced({ packet: "sequenceEnd", tracks: [track("vp09", "")] }),
  },
  {
    name: "metadata in a command frame",
    hex: "d4 68766331 02000a636f6c6f72496e666f",
    tag: enhanced({
      frameType: 5,
      packet: "metadata",
      tracks: [track("hvc1", "02000a636f6c6f72496e666f")],
    }),
  },
  {
    name: "one track with an id",
    hex: "96 01 61766331 02 000000 00000001 65",
    tag: enhanced({ multitrack: "oneTrack", tracks: [track("avc1", "00000001 65", 2)] }),
  },
  {
    name: "many tracks of one codec",
    hex: "96 10 61766331 00 000002 aabb 01 000001 cc",
    tag: enhanced({
      packet: "sequenceStart",
      multitrack: "manyTracks",
      tracks: [track("avc1", "aabb", 0), track("avc1", "cc", 1)],
    }),
  },
  {
    name: "many tracks, many codecs",
    hex: "96 21 61766331 00 000004 00000b ee 61763031 01 000002 1234",
    tag: enhanced({
      multitrack: "manyCodecs",
      tracks: [track("avc1", "ee", 0, 11), track("av01", "1234", 1)],
    }),
  },
  {
    name: "nanoseconds",
    hex: "97 02 0186a0 01 61763031 ff",
    tag: enhanced({ nanoseconds: 100_000, tracks: [track("av01", "ff")] }),
  },
];

Deno.test("video tags: bytes to value and back", () => {
  for (const { name, hex: text, tag } of cases) {
    equal(parseVideoTag(bytes(text)), tag, name);
    equal(hex(serializeVideoTag(tag)), text.replaceAll(" ", ""), name);
  }
});

Deno.test("video tags: an end of sequence without composition time is accepted", () => {
  const tag = parseVideoTag(bytes("1702"));
  equal(tag.form === "legacy" && tag.packet, "sequenceEnd");
});

Deno.test("video tags: unknown modifiers are passed over, also those with a long size", () => {
  // Modifier type 3 with 256 bytes, then the nanoseconds.
  const long = "97 ff 00ff" + "00".repeat(256) + "37 02 000005 01 61763031 aa";
  equal(parseVideoTag(bytes(long)), enhanced({ nanoseconds: 5, tracks: [track("av01", "aa")] }));
});

Deno.test("video tags: what cannot be read names the field", () => {
  const bad: [string, RegExp][] = [
    ["", /video message/],
    ["17 03 000000", /AVCPacketType/],
    ["17 01 0000", /CompositionTime/],
    ["98 61766331", /videoPacketType at offset 0: 8/],
    ["91 6176", /videoFourCc/],
    ["91 61760031", /videoFourCc .*ASCII/],
    ["96 31 61766331 00", /multitrackType/],
    ["96 11 61766331 00 0000ff 01", /track at offset/],
    ["96 16 61766331 00 000000", /videoPacketType/],
    ["97 00 00 07", /timestampOffsetNano/],
    ["97" + "00 00 17".repeat(20), /modExType at offset \d+: more than/],
  ];
  for (const [text, pattern] of bad) throws(() => parseVideoTag(bytes(text)), pattern, text);
});

Deno.test("video tags: arbitrary bytes", () => {
  fuzz("video tag", cases.map((entry) => bytes(entry.hex)), parseVideoTag);
});
