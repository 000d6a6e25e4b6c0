import {
  parseAudioMuxElement,
  serializeAudioMuxElement,
} from "../../../src/codecs/latm/audio_mux_element.ts";
import {
  parseStreamMuxConfig,
  serializeStreamMuxConfig,
  type StreamMuxConfig,
  streamMuxConfigFromAac,
} from "../../../src/codecs/latm/stream_mux_config.ts";
import { parseAudioSpecificConfig } from "../../../src/codecs/mpeg4audio/audio_specific_config.ts";
import { splitAdts } from "../../../src/codecs/mpeg4audio/adts.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { audioStream } from "../../support/audio_fixtures.ts";
import { fuzz } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";

const lc = parseAudioSpecificConfig(fromHex("1210"));
const he = parseAudioSpecificConfig(fromHex("2b118800"));
const withSync = parseAudioSpecificConfig(fromHex("139056e5a0"));

const layer = { program: 0, sameConfig: false, config: lc } as const;
const configs: readonly [string, StreamMuxConfig][] = [
  ["one AAC layer", streamMuxConfigFromAac(lc)],
  ["HE-AAC", streamMuxConfigFromAac(he)],
  ["version 1 with an extension", streamMuxConfigFromAac(withSync)],
  ["sub-frames, other data, CRC", {
    audioMuxVersion: 0,
    allStreamsSameTimeFraming: true,
    subFrameCount: 4,
    layers: [{ ...layer, frame: { type: 0, bufferFullness: 0x12 } }],
    otherDataBits: 0x1234,
    crc: 0x5a,
  }],
  ["two programs and three layers", {
    audioMuxVersion: 1,
    taraBufferFullness: 70000,
    allStreamsSameTimeFraming: true,
    subFrameCount: 64,
    layers: [
      { ...layer, frame: { type: 0, bufferFullness: 255 } },
      { ...layer, sameConfig: true, frame: { type: 1, frameLength: 300 } },
      { ...layer, program: 1, config: he, frame: { type: 3, tableIndex: 33 } },
    ],
    otherDataBits: 99,
  }],
];

for (const [name, config] of configs) {
  Deno.test(`StreamMuxConfig: ${name}`, () => {
    equal(parseStreamMuxConfig(serializeStreamMuxConfig(config)), config);
  });
}

Deno.test("StreamMuxConfig as FFmpeg writes it into SDP", () => {
  // FFmpeg 5.1, AAC-LC 44.1 kHz stereo
  const config = parseStreamMuxConfig(fromHex("400024203fc0"));
  equal(config, streamMuxConfigFromAac(lc));
  equal(hex(serializeStreamMuxConfig(config)), "400024203fc0");
});

Deno.test("StreamMuxConfig of RFC 6416 §7.4.1.3, AAC-LC 24 kHz mono and HE-AAC", () => {
  equal(parseStreamMuxConfig(fromHex("400026103fc0")).layers[0].config.sampleRate, 24000);
  const he = parseStreamMuxConfig(fromHex("40005623101fe0")).layers[0].config;
  equal([he.extensionType, he.extensionSampleRate, he.sampleRate], [5, 48000, 24000]);
});

Deno.test("StreamMuxConfig limits the number of layers", () => {
  const layers = Array.from({ length: 17 }, (_, i) => ({
    ...layer,
    program: Math.floor(i / 8),
    sameConfig: i > 0,
    frame: { type: 0 as const, bufferFullness: 0 },
  }));
  const bytes = serializeStreamMuxConfig({ ...streamMuxConfigFromAac(lc), layers });
  throws(() => parseStreamMuxConfig(bytes), /more than 16 layers/);
});

Deno.test("AudioMuxElement: access units come back, aligned or not", () => {
  const { accessUnits } = splitAdts(audioStream("adts"));
  const random = new Random(3);
  const units = [...accessUnits, random.bytes(255), random.bytes(254), random.bytes(1000), random.bytes(1)];
  const config = streamMuxConfigFromAac(lc);
  for (const unit of units) {
    for (const inBand of [true, false]) {
      const element = parseAudioMuxElement(serializeAudioMuxElement([unit], config, inBand), inBand, config);
      equal(element?.accessUnits.map(hex), [hex(unit)]);
      equal(element?.config, config);
    }
  }
  const three = { ...config, subFrameCount: 3 };
  const bytes = serializeAudioMuxElement(units.slice(0, 3), three, true);
  equal(parseAudioMuxElement(bytes, true, null)?.accessUnits.map(hex), units.slice(0, 3).map(hex));
});

Deno.test("AudioMuxElement without any config yet is null", () => {
  equal(parseAudioMuxElement(fromHex("80"), true, null), null);
});

Deno.test("LATM: fuzz", () => {
  const seeds = configs.map(([, config]) => serializeStreamMuxConfig(config));
  fuzz("StreamMuxConfig", seeds, (bytes) => {
    const config = parseStreamMuxConfig(bytes);
    equal(parseStreamMuxConfig(serializeStreamMuxConfig(config)), config);
  });
  const { accessUnits } = splitAdts(audioStream("adts"));
  const elements = [configs[0][1], configs[1][1]].map((config) =>
    serializeAudioMuxElement(accessUnits.slice(0, 1), config, true)
  );
  fuzz("AudioMuxElement", elements, (bytes) => void parseAudioMuxElement(bytes, true, null));
});
