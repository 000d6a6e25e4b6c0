import { type AudioTag, parseAudioTag, serializeAudioTag } from "../../../src/containers/flv/audio_tag.ts";
import {
  type MultichannelConfig,
  parseMultichannelConfig,
  serializeMultichannelConfig,
} from "../../../src/containers/flv/multichannel.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";

const common = { form: "enhanced", nanoseconds: 0, multitrack: null } as const;

const cases: { name: string; hex: string; tag: AudioTag }[] = [
  {
    name: "AAC sequence header",
    hex: "af 00 1210",
    tag: {
      form: "legacy",
      soundFormat: 10,
      rateIndex: 3,
      sampleSize: 16,
      channelCount: 2,
      packet: "sequenceStart",
      data: fromHex("1210"),
    },
  },
  {
    name: "AAC access unit",
    hex: "af 01 2110",
    tag: {
      form: "legacy",
      soundFormat: 10,
      rateIndex: 3,
      sampleSize: 16,
      channelCount: 2,
      packet: "codedFrames",
      data: fromHex("2110"),
    },
  },
  {
    name: "MP3, 44.1 kHz mono",
    hex: "2e fffb9064",
    tag: {
      form: "legacy",
      soundFormat: 2,
      rateIndex: 3,
      sampleSize: 16,
      channelCount: 1,
      packet: "codedFrames",
      data: fromHex("fffb9064"),
    },
  },
  {
    name: "G711 A-law",
    hex: "72 d5d5",
    tag: {
      form: "legacy",
      soundFormat: 7,
      rateIndex: 0,
      sampleSize: 16,
      channelCount: 1,
      packet: "codedFrames",
      data: fromHex("d5d5"),
    },
  },
  {
    name: "LPCM, 8 bits, 11025 Hz, stereo",
    hex: "35 8081",
    tag: {
      form: "legacy",
      soundFormat: 3,
      rateIndex: 1,
      sampleSize: 8,
      channelCount: 2,
      packet: "codedFrames",
      data: fromHex("8081"),
    },
  },
  {
    name: "Opus sequence start",
    hex: "90 4f707573 4f70757348656164",
    tag: {
      ...common,
      packet: "sequenceStart",
      tracks: [{ trackId: 0, fourCc: "Opus", data: fromHex("4f70757348656164") }],
    },
  },
  {
    name: "AC-3 coded frames",
    hex: "91 61632d33 0b77",
    tag: {
      ...common,
      packet: "codedFrames",
      tracks: [{ trackId: 0, fourCc: "ac-3", data: fromHex("0b77") }],
    },
  },
  {
    name: "channels",
    hex: "94 664c6143 01 06 0000060f",
    tag: {
      ...common,
      packet: "multichannelConfig",
      tracks: [{ trackId: 0, fourCc: "fLaC", data: fromHex("01060000060f") }],
    },
  },
  {
    name: "second AAC track",
    hex: "95 01 6d703461 01 2110",
    tag: {
      ...common,
      packet: "codedFrames",
      multitrack: "oneTrack",
      tracks: [{ trackId: 1, fourCc: "mp4a", data: fromHex("2110") }],
    },
  },
  {
    name: "many codecs after a modifier",
    hex: "97 02 00000a 05 21 6d703461 00 000001 aa 4f707573 01 000002 bbcc",
    tag: {
      form: "enhanced",
      nanoseconds: 10,
      packet: "codedFrames",
      multitrack: "manyCodecs",
      tracks: [
        { trackId: 0, fourCc: "mp4a", data: fromHex("aa") },
        { trackId: 1, fourCc: "Opus", data: fromHex("bbcc") },
      ],
    },
  },
];

Deno.test("audio tags: bytes to value and back", () => {
  for (const { name, hex: text, tag } of cases) {
    equal(parseAudioTag(fromHex(text)), tag, name);
    equal(hex(serializeAudioTag(tag)), text.replaceAll(" ", ""), name);
  }
});

Deno.test("audio tags: what cannot be read names the field", () => {
  throws(() => parseAudioTag(new Uint8Array(0)), /audio message/);
  throws(() => parseAudioTag(fromHex("af")), /AACPacketType/);
  throws(() => parseAudioTag(fromHex("af02")), /AACPacketType/);
  throws(() => parseAudioTag(fromHex("93 4f707573")), /audioPacketType/);
  throws(() => parseAudioTag(fromHex("91 4f70")), /audioFourCc/);
});

Deno.test("channel configurations: bytes to value and back", () => {
  const configs: [string, MultichannelConfig][] = [
    ["0006", { order: "unspecified", channelCount: 6 }],
    ["01060000060f", { order: "native", channelCount: 6, flags: 0x60f }],
    ["02030102ff", { order: "custom", channelCount: 3, mapping: fromHex("0102ff") }],
  ];
  for (const [text, config] of configs) {
    equal(parseMultichannelConfig(fromHex(text)), config);
    equal(hex(serializeMultichannelConfig(config)), text);
  }
  throws(() => parseMultichannelConfig(fromHex("0302")), /audioChannelOrder/);
  throws(() => parseMultichannelConfig(fromHex("020301")), /audioChannelMapping/);
});

Deno.test("audio tags: arbitrary bytes", () => {
  fuzz("audio tag", cases.map((entry) => fromHex(entry.hex)), parseAudioTag);
});
