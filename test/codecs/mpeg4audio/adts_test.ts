import {
  configFromAdts,
  parseAdtsHeader,
  serializeAdtsHeader,
  splitAdts,
} from "../../../src/codecs/mpeg4audio/adts.ts";
import { equal, hex, throws } from "../../support/assert.ts";
import { audioStream } from "../../support/audio_fixtures.ts";
import { fuzz } from "../../support/fuzz.ts";

Deno.test("ADTS of FFmpeg", () => {
  const bytes = audioStream("adts");
  const { header, accessUnits } = splitAdts(bytes);
  equal(accessUnits.length, 5);
  equal(accessUnits.reduce((sum, unit) => sum + unit.length + 7, 0), bytes.length);
  equal(header, {
    objectType: 2,
    sampleRate: 44100,
    channelCount: 2,
    headerSize: 7,
    frameSize: accessUnits[0].length + 7,
    rawDataBlocks: 1,
  });
  const written = serializeAdtsHeader(configFromAdts(header), accessUnits[0].length);
  // FFmpeg writes the same header
  equal(hex(written), hex(bytes.subarray(0, 7)));
  equal(parseAdtsHeader(written), header);
});

Deno.test("ADTS needs seven bytes", () => {
  equal(parseAdtsHeader(audioStream("adts").subarray(0, 6)), null);
});

Deno.test("ADTS refuses what it cannot say", () => {
  const config = { ...configFromAdts(splitAdts(audioStream("adts")).header) };
  throws(() => serializeAdtsHeader(config, 8185), /aac_frame_length/);
  throws(() => serializeAdtsHeader({ ...config, sampleRate: 21312 }, 10), /21312 Hz/);
  throws(() => serializeAdtsHeader({ ...config, objectType: 39 }, 10), /object type 39/);
  throws(() => serializeAdtsHeader({ ...config, channelCount: 7 }, 10), /7 channels/);
});

Deno.test("ADTS: a cut stream is refused", () => {
  throws(() => splitAdts(audioStream("adts").subarray(0, 700)), /ADTS frame at offset \d+: is cut off/);
});

Deno.test("ADTS: fuzz", () => {
  fuzz("ADTS", [audioStream("adts"), audioStream("adts").subarray(0, 160)], (bytes) => {
    const { accessUnits } = splitAdts(bytes);
    equal(accessUnits.every((unit) => unit.length > 0), true);
  });
});
