import { opusChannelMapping } from "../../../src/codecs/opus/channels.ts";
import { opusPacketSamples, splitOpusPacket } from "../../../src/codecs/opus/packet.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { capturedPackets } from "../../support/audio_fixtures.ts";
import { fuzz } from "../../support/fuzz.ts";

/** What, packet, samples at 48 kHz, frames; RFC 6716 §3.1 and §3.2. */
const cases: readonly [string, string, number, string[]][] = [
  ["SILK 10 ms", "00aa", 480, ["aa"]],
  ["SILK 60 ms", "18aa", 2880, ["aa"]],
  ["hybrid 20 ms", "68aa", 960, ["aa"]],
  ["CELT 2.5 ms", "80aa", 120, ["aa"]],
  ["CELT 20 ms stereo, empty frame (DTX)", "fc", 960, [""]],
  ["code 1: two frames of one size", "f9aabbccdd", 1920, ["aabb", "ccdd"]],
  ["code 2: two frames of two sizes", "fa01aabbcc", 1920, ["aa", "bbcc"]],
  ["code 3, constant size", "fb03aabbcc", 2880, ["aa", "bb", "cc"]],
  ["code 3, variable size", "fb830100aabbcc", 2880, ["aa", "", "bbcc"]],
  ["code 3, padding", "fb4202aabb0000", 1920, ["aa", "bb"]],
];

for (const [name, text, samples, frames] of cases) {
  Deno.test(`Opus packet: ${name}`, () => {
    equal(opusPacketSamples(fromHex(text)), samples);
    equal(splitOpusPacket(fromHex(text)).map(hex), frames);
  });
}

Deno.test("Opus packet: a size of two bytes", () => {
  const packet = Uint8Array.from([0xfa, 252, 1, ...new Uint8Array(256), 7]);
  equal(splitOpusPacket(packet).map((frame) => frame.length), [256, 1]);
});

Deno.test("Opus packet: 60 ms of FFmpeg", () => {
  for (const { payload } of capturedPackets("ffmpegOpus60ms")) {
    equal(opusPacketSamples(payload), 2880);
    const frames = splitOpusPacket(payload);
    equal(frames.length, 3);
  }
});

Deno.test("Opus packet: what is too long or cut off", () => {
  equal(opusPacketSamples(new Uint8Array()), 0);
  // 64 frames of 20 ms would be above 120 ms
  equal(opusPacketSamples(fromHex("fb3f")), 0);
  equal(opusPacketSamples(fromHex("fb")), 0);
  for (const text of ["", "f9aa", "fa", "fafc", "fa05aa", "fb", "fb00", "fb42ff", "fb8305aa", "fb02aabbcc"]) {
    throws(() => splitOpusPacket(fromHex(text)), { name: "ParseError" }, text);
  }
});

Deno.test("Opus channel mappings are permutations of all decoded channels", () => {
  for (let channels = 1; channels <= 8; channels++) {
    const mapping = opusChannelMapping(channels);
    equal(mapping && mapping.streamCount + mapping.coupledCount, channels);
    equal([...mapping?.mapping ?? []].sort(), Array.from({ length: channels }, (_, i) => i));
  }
  equal(opusChannelMapping(6), { streamCount: 4, coupledCount: 2, mapping: [0, 4, 1, 2, 3, 5] });
  equal(opusChannelMapping(0), undefined);
  equal(opusChannelMapping(9), undefined);
});

Deno.test("Opus packet: fuzz", () => {
  const seeds = [...cases.map(([, text]) => fromHex(text)), capturedPackets("ffmpegOpus60ms")[0].payload];
  fuzz("Opus", seeds, (bytes) => {
    const frames = splitOpusPacket(bytes);
    equal(frames.reduce((sum, frame) => sum + frame.length, 0) < bytes.length, true);
  });
});
