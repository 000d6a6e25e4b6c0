import type { Codec } from "../../../../src/codecs/codec.ts";
import { chooseTracks, sentCodec } from "../../../../src/protocols/webrtc/media/mod.ts";
import { isVideo } from "../../../../src/codecs/codec.ts";
import { tracksFromMedias } from "../../../../src/stream/track.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal, hex, throws } from "../../../support/assert.ts";
import { createStream, h264, media, negotiated, opus, start } from "./support/media.ts";
import { TestReader } from "./support/test_reader.ts";

const g711 = (sampleRate: number, channelCount = 1): Codec => ({
  name: "G711",
  muLaw: true,
  sampleRate,
  channelCount,
});
const lpcm = (bitDepth: 8 | 16 | 24, sampleRate: number, channelCount = 2): Codec => ({
  name: "LPCM",
  bitDepth,
  sampleRate,
  channelCount,
});
const others: Record<string, Codec> = {
  av1: { name: "AV1" },
  vp9: { name: "VP9" },
  vp8: { name: "VP8" },
  h265: { name: "H265" },
  g722: { name: "G722" },
  klv: { name: "KLV" },
  mjpeg: { name: "M-JPEG" },
};
const { av1, vp9, vp8, h265, g722, klv, mjpeg } = others;

/** Codecs of a stream, and the positions of what is chosen: video, audio, data. */
const cases: readonly (readonly [string, readonly Codec[], readonly (number | null)[]])[] = [
  ["one of each", [h264, opus], [0, 1, null]],
  ["the best video", [h264, h265, vp8, vp9, av1], [4, null, null]],
  ["H265 before H264", [h264, h265], [1, null, null]],
  ["the best audio", [lpcm(16, 48000), g711(8000), g722, opus], [null, 3, null]],
  ["G722 before G711", [g711(8000), g722], [null, 1, null]],
  ["G711 before LPCM", [lpcm(16, 48000), g711(8000)], [null, 1, null]],
  ["the first of equals", [h264, h264, opus, opus], [0, 2, null]],
  ["data beside", [mjpeg, h264, klv], [1, null, 2]],
  ["rates without a name in WebRTC", [lpcm(16, 44100), g711(11025)], [null, null, null]],
  ["nothing usable", [mjpeg], [null, null, null]],
];

for (const [name, codecs, expected] of cases) {
  Deno.test(`WebRTC tracks: ${name}`, () => {
    const kind = (codec: Codec) => isVideo(codec) ? "video" : "audio";
    const tracks = tracksFromMedias(
      codecs.map((codec) => ({ kind: kind(codec), formats: [{ codec, payloadType: 96, clockRate: 90000 }] })),
      1200,
    );
    const { video, audio, data, skipped } = chooseTracks(tracks);
    equal([video, audio, data].map((track) => track?.id ?? null), expected);
    equal(skipped.length, codecs.length - expected.filter((id) => id !== null).length);
  });
}

Deno.test("WebRTC tracks: linear audio has 16 bits", () => {
  equal(sentCodec(g711(8000)), g711(8000));
  equal(sentCodec(g711(8000, 2)), g711(8000, 2));
  equal(sentCodec(g711(16000)), lpcm(16, 16000, 1));
  equal(sentCodec(lpcm(24, 48000)), lpcm(16, 48000));
  equal(sentCodec(lpcm(8, 8000, 3)), null);
});

/** A unit's samples, and what a reader gets. */
const samples: readonly (readonly [string, Codec, string, string])[] = [
  ["24 bits", lpcm(24, 48000), "123456 fedcba", "1234 fedc"],
  ["16 bits", lpcm(16, 48000), "1234 fedc", "1234 fedc"],
  ["8 bits, which have no sign", lpcm(8, 48000), "80 00 ff 81", "0000 8000 7f00 0100"],
  ["G711 of 16 kHz", g711(16000), "ff 80 00", "0000 7d7c 8284"],
  ["G711 of 8 kHz stays what it is", g711(8000), "ff 80 00", "ff8000"],
];

for (const [name, codec, payload, expected] of samples) {
  Deno.test(`WebRTC fanout: samples of ${name}`, () => {
    const clockRate = codec.name === "LPCM" || codec.name === "G711" ? codec.sampleRate : 0;
    const { stream } = createStream([{ kind: "audio", formats: [{ codec, payloadType: 97, clockRate }] }]);
    const section = media("audio", [negotiated(sentCodec(codec)!, 120, { clockRate })], { trackId: 0 });
    using reader = new TestReader(stream, [section]);
    const bytes = Uint8Array.from(
      payload.replaceAll(" ", "").match(/../g)!,
      (digits) => parseInt(digits, 16),
    );
    stream.write([Unit.fromPayload(stream.tracks[0], 0, start, [bytes])], start);
    equal(reader.packets.map((packet) => hex(packet.payload)), [expected.replaceAll(" ", "")]);
  });
}

Deno.test("WebRTC fanout: a track that browsers cannot play is refused", () => {
  const { stream } = createStream([{
    kind: "video",
    formats: [{ codec: mjpeg, payloadType: 26, clockRate: 90000 }],
  }]);
  throws(() => new TestReader(stream, [media("video", [negotiated(mjpeg, 96)], { trackId: 0 })]), /M-JPEG/);
});

Deno.test("WebRTC fanout: B-frames of H265 by type and temporal layer", () => {
  const track = (codec: Codec) =>
    createStream([{ kind: "video", formats: [{ codec, payloadType: 96, clockRate: 90000 }] }]);
  const run = (late: Uint8Array) => {
    const { stream } = track(h265);
    using reader = new TestReader(stream, [media("video", [negotiated(h265, 102)], { trackId: 0 })]);
    const write = (pts: number, unit: Uint8Array) =>
      stream.write([Unit.fromPayload(stream.tracks[0], pts, start, [unit])], start);
    write(0, Uint8Array.of(19 << 1, 1, 1, 1));
    write(9000, Uint8Array.of(1 << 1, 1, 1, 1));
    write(3000, late);
    return { packets: reader.packets.length, errors: reader.errors.length };
  };
  // TRAIL_N and RASL_N are referred to by nobody, TRAIL_R is.
  equal(run(Uint8Array.of(0 << 1, 1, 1, 1)), { packets: 2, errors: 0 });
  equal(run(Uint8Array.of(8 << 1, 1, 1, 1)), { packets: 2, errors: 0 });
  equal(run(Uint8Array.of(1 << 1, 1, 1, 1)), { packets: 2, errors: 1 });
});
