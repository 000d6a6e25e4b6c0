import { audioCodecProps } from "../../src/codecs/audio_props.ts";
import type { Codec } from "../../src/codecs/codec.ts";
import { parseAudioSpecificConfig } from "../../src/codecs/mpeg4audio/audio_specific_config.ts";
import { equal, fromHex } from "../support/assert.ts";

const cases: readonly [Codec, Record<string, number | boolean> | null][] = [
  [{ name: "Opus", channelCount: 6 }, { channelCount: 6 }],
  [{
    name: "MPEG-4 Audio",
    config: parseAudioSpecificConfig(fromHex("2b118800")),
    sizeLength: 13,
    indexLength: 3,
    indexDeltaLength: 3,
    profileLevelId: 1,
  }, { sampleRate: 24000, channelCount: 2 }],
  [{ name: "AC3", sampleRate: 48000, channelCount: 6 }, { sampleRate: 48000, channelCount: 6 }],
  [{ name: "G711", muLaw: false, sampleRate: 8000, channelCount: 1 }, {
    muLaw: false,
    sampleRate: 8000,
    channelCount: 1,
  }],
  [{ name: "LPCM", bitDepth: 24, sampleRate: 48000, channelCount: 2 }, {
    bitDepth: 24,
    sampleRate: 48000,
    channelCount: 2,
  }],
  [{ name: "G722" }, null],
  [{ name: "MPEG-1/2 Audio" }, null],
  [{ name: "KLV" }, null],
];

for (const [codec, props] of cases) {
  Deno.test(`codecProps of ${codec.name}`, () => equal(audioCodecProps(codec), props));
}
