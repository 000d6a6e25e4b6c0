import {
  maxMpeg1AudioFrameSize,
  parseMpeg1AudioHeader,
} from "../../../src/codecs/mpeg1audio/frame_header.ts";
import { equal, fromHex, throws } from "../../support/assert.ts";
import { audioStream } from "../../support/audio_fixtures.ts";
import { fuzz } from "../../support/fuzz.ts";

/** Header, version, layer, bit/s, Hz, channels, samples, bytes; worked out by hand from ISO/IEC 11172-3. */
const cases: readonly [string, "1" | "2" | "2.5", 1 | 2 | 3, number, number, 1 | 2, number, number][] = [
  ["fffb9064", "1", 3, 128000, 44100, 2, 1152, 417],
  ["fffb9264", "1", 3, 128000, 44100, 2, 1152, 418],
  ["fff3484c", "2", 3, 32000, 16000, 2, 576, 144],
  ["ffe318c0", "2.5", 3, 8000, 8000, 1, 576, 72],
  ["fffdc404", "1", 2, 256000, 48000, 2, 1152, 768],
  ["ffff1800", "1", 1, 32000, 32000, 2, 384, 48],
  ["ffff1a00", "1", 1, 32000, 32000, 2, 384, 52],
];

Deno.test("MPEG audio headers", () => {
  for (const [text, version, layer, bitrate, sampleRate, channelCount, sampleCount, frameSize] of cases) {
    const header = parseMpeg1AudioHeader(fromHex(text));
    equal(header, { version, layer, bitrate, sampleRate, channelCount, sampleCount, frameSize }, text);
  }
});

for (const name of ["mp3", "mp2", "mp3Low"] as const) {
  Deno.test(`MPEG audio: the frames of ${name} follow one another`, () => {
    const bytes = audioStream(name);
    let at = 0;
    let frames = 0;
    while (bytes.length - at >= 4) {
      const header = parseMpeg1AudioHeader(bytes.subarray(at));
      if (header === null || at + header.frameSize > bytes.length) break;
      at += header.frameSize;
      frames++;
    }
    equal(frames >= 2, true);
  });
}

Deno.test("MPEG audio: what is refused", () => {
  equal(parseMpeg1AudioHeader(fromHex("fffb90")), null);
  throws(() => parseMpeg1AudioHeader(fromHex("fffb0064")), /bitrate_index/);
  throws(() => parseMpeg1AudioHeader(fromHex("fffbf064")), /bitrate_index/);
  throws(() => parseMpeg1AudioHeader(fromHex("fffb9c64")), /sampling_frequency/);
  throws(() => parseMpeg1AudioHeader(fromHex("fff99064")), /layer/);
  throws(() => parseMpeg1AudioHeader(fromHex("ffeb9064")), /version/);
  throws(() => parseMpeg1AudioHeader(fromHex("fe000000")), /syncword/);
});

Deno.test("MPEG audio: every header that is taken has a sane size", () => {
  fuzz("MPEG audio", cases.map(([text]) => fromHex(text)), (bytes) => {
    const header = parseMpeg1AudioHeader(bytes);
    if (header !== null) equal(header.frameSize >= 24 && header.frameSize <= maxMpeg1AudioFrameSize, true);
  });
});
