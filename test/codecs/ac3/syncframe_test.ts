import { parseAc3Header } from "../../../src/codecs/ac3/syncframe.ts";
import { equal, throws } from "../../support/assert.ts";
import { audioStream } from "../../support/audio_fixtures.ts";
import { fuzz } from "../../support/fuzz.ts";

Deno.test("AC-3 header of FFmpeg, stereo and surround", () => {
  equal(parseAc3Header(audioStream("ac3")), {
    sampleRate: 48000,
    channelCount: 2,
    frameSize: 384,
    bitrate: 96,
    fscod: 0,
    frmsizecod: 12,
    bsid: 8,
    bsmod: 0,
    acmod: 2,
    lfeon: false,
  });
  const surround = parseAc3Header(audioStream("ac3Surround"));
  equal([surround?.channelCount, surround?.sampleRate, surround?.lfeon], [6, 44100, true]);
});

/** ATSC A/52 table 5.18: fscod, frmsizecod, words. */
const sizes: readonly [number, number, number][] = [
  [0, 0, 64],
  [1, 0, 69],
  [1, 1, 70],
  [2, 0, 96],
  [0, 37, 1280],
  [1, 36, 1393],
  [1, 37, 1394],
  [2, 37, 1920],
  [1, 18, 348],
  [1, 19, 349],
];

Deno.test("AC-3 frame sizes", () => {
  for (const [fscod, frmsizecod, words] of sizes) {
    const bytes = Uint8Array.of(0x0b, 0x77, 0, 0, fscod << 6 | frmsizecod, 0x40, 0x40, 0);
    equal(parseAc3Header(bytes)?.frameSize, 2 * words);
  }
});

Deno.test("AC-3: what is refused", () => {
  equal(parseAc3Header(audioStream("ac3").subarray(0, 7)), null);
  throws(() => parseAc3Header(Uint8Array.of(0x0b, 0x78, 0, 0, 0, 0x40, 0, 0)), /syncword/);
  throws(() => parseAc3Header(Uint8Array.of(0x0b, 0x77, 0, 0, 0xc0, 0x40, 0, 0)), /fscod/);
  throws(() => parseAc3Header(Uint8Array.of(0x0b, 0x77, 0, 0, 38, 0x40, 0, 0)), /frmsizecod/);
  throws(
    () => parseAc3Header(Uint8Array.of(0x0b, 0x77, 0, 0, 0, 0x80, 0, 0)),
    /bsid at offset 5: 16 is not AC-3/,
  );
});

Deno.test("AC-3: fuzz", () => {
  fuzz("AC-3", [audioStream("ac3").subarray(0, 16), audioStream("ac3Surround")], (bytes) => {
    const header = parseAc3Header(bytes);
    if (header !== null) equal(header.frameSize >= 128 && header.frameSize <= 3840, true);
  });
});
