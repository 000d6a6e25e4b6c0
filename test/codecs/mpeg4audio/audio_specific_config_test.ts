import type { AudioSpecificConfig } from "../../../src/codecs/codec.ts";
import {
  accessUnitSamples,
  outputSampleRate,
  parseAudioSpecificConfig,
  serializeAudioSpecificConfig,
} from "../../../src/codecs/mpeg4audio/audio_specific_config.ts";
import { equal, fromHex, hex, match, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";

const plain = { frameLengthFlag: false, dependsOnCoreCoder: false, coreCoderDelay: 0 };

/** Name, bytes, value, samples of an access unit, output rate. */
const cases: readonly [string, string, Omit<AudioSpecificConfig, "raw">, number, number][] = [
  [
    "LC 44.1 kHz stereo",
    "1210",
    { ...plain, objectType: 2, sampleRate: 44100, channelCount: 2 },
    1024,
    44100,
  ],
  ["LC 48 kHz mono", "1188", { ...plain, objectType: 2, sampleRate: 48000, channelCount: 1 }, 1024, 48000],
  ["LC 48 kHz 7.1", "11b8", { ...plain, objectType: 2, sampleRate: 48000, channelCount: 8 }, 1024, 48000],
  [
    "LC with explicit frequency",
    "178029a008",
    { ...plain, objectType: 2, sampleRate: 0x5340, channelCount: 1 },
    1024,
    0x5340,
  ],
  [
    "LC with 960 samples",
    "1194",
    { ...plain, frameLengthFlag: true, objectType: 2, sampleRate: 48000, channelCount: 2 },
    960,
    48000,
  ],
  [
    "core coder delay",
    "11920640",
    {
      frameLengthFlag: false,
      dependsOnCoreCoder: true,
      coreCoderDelay: 200,
      objectType: 2,
      sampleRate: 48000,
      channelCount: 2,
    },
    1024,
    48000,
  ],
  [
    "HE-AAC, signalled in front",
    "2b118800",
    {
      ...plain,
      objectType: 2,
      sampleRate: 24000,
      channelCount: 2,
      extensionType: 5,
      extensionSampleRate: 48000,
    },
    1024,
    48000,
  ],
  [
    "HE-AAC v2, signalled in front",
    "eb098800",
    {
      ...plain,
      objectType: 2,
      sampleRate: 24000,
      channelCount: 1,
      extensionType: 29,
      extensionSampleRate: 48000,
    },
    1024,
    48000,
  ],
];

for (const [name, text, value, samples, rate] of cases) {
  Deno.test(`AudioSpecificConfig: ${name}`, () => {
    const config = parseAudioSpecificConfig(fromHex(text));
    equal(config, value);
    equal(hex(serializeAudioSpecificConfig(config)), text);
    equal(accessUnitSamples(config), samples);
    equal(outputSampleRate(config), rate);
  });
}

/** What the fields cannot say is kept as it came. */
const kept: readonly [string, string, Partial<AudioSpecificConfig>][] = [
  // FFmpeg's HE-AAC: the SBR extension behind the config
  ["SBR behind the config", "139056e5a0", { objectType: 2, sampleRate: 22050, extensionSampleRate: 44100 }],
  ["PS behind the config", "138856e5a54880", {
    extensionType: 29,
    extensionSampleRate: 44100,
    channelCount: 1,
  }],
  ["trailing zeros", "12100000", { objectType: 2, sampleRate: 44100, channelCount: 2 }],
  // escape object type 39, 44.1 kHz, stereo
  ["ELD", "f8e850002000", { objectType: 39, sampleRate: 44100, channelCount: 2 }],
];

for (const [name, text, fields] of kept) {
  Deno.test(`AudioSpecificConfig keeps ${name}`, () => {
    const config = parseAudioSpecificConfig(fromHex(text));
    equal({ ...config, ...fields }, config);
    equal(hex(serializeAudioSpecificConfig(config)), text);
    equal(hex(config.raw ?? new Uint8Array()), text);
  });
}

Deno.test("AudioSpecificConfig: channels from a program config element", () => {
  // 2 front (one pair), 1 back single, 1 LFE, comment of one byte
  const bits = "00010" + "0011" + "0000" + "000" + // LC, 48 kHz, configuration 0, GA flags
    "0000" + "01" + "0011" + "0001" + "0000" + "0001" + "01" + "000" + "0000" + "000" +
    "10000" + "00000" + "0000";
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0") + "00000001" + "01000001";
  const bytes = Uint8Array.from(padded.match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
  const config = parseAudioSpecificConfig(bytes);
  equal(config.channelCount, 4);
  equal(serializeAudioSpecificConfig(config), bytes);
});

const broken: readonly [string, string, RegExp][] = [
  ["empty", "", /audioObjectType at offset 0/],
  ["reserved frequency", "1690", /samplingFrequencyIndex/],
  ["explicit frequency 0", "17800000080000", /gives no sample rate/],
  ["reserved channels", "1240", /channelConfiguration/],
  ["cut off", "12", /samplingFrequencyIndex|channelConfiguration/],
];

for (const [name, text, pattern] of broken) {
  Deno.test(`AudioSpecificConfig: ${name} is refused`, () => {
    throws(() => parseAudioSpecificConfig(fromHex(text)), (error: Error) => {
      equal(error.name, "ParseError");
      match(error.message, pattern);
      return true;
    });
  });
}

Deno.test("AudioSpecificConfig: fuzz", () => {
  fuzz("AudioSpecificConfig", [...cases, ...kept].map(([, text]) => fromHex(text)), (bytes) => {
    const config = parseAudioSpecificConfig(bytes);
    equal(serializeAudioSpecificConfig(config), bytes);
  });
});
