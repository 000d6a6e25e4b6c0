/** Packets of FFmpeg and GStreamer against the elementary streams they were made of. */
import { parseAc3Header } from "../../../src/codecs/ac3/syncframe.ts";
import type { Codec, LatmCodec, Mpeg4AudioCodec } from "../../../src/codecs/codec.ts";
import { parseAudioMuxElement } from "../../../src/codecs/latm/audio_mux_element.ts";
import { parseStreamMuxConfig } from "../../../src/codecs/latm/stream_mux_config.ts";
import { splitAdts } from "../../../src/codecs/mpeg4audio/adts.ts";
import { parseAudioSpecificConfig } from "../../../src/codecs/mpeg4audio/audio_specific_config.ts";
import { parseMpeg1AudioHeader } from "../../../src/codecs/mpeg1audio/frame_header.ts";
import { payloadFormat } from "../../../src/rtp/payload/formats.ts";
import { equal, fromHex, hex } from "../../support/assert.ts";
import { audioStream, capturedPackets } from "../../support/audio_fixtures.ts";
import { audioUnits, depacketizeAll } from "./audio_support.ts";

const aac: Mpeg4AudioCodec = {
  name: "MPEG-4 Audio",
  config: parseAudioSpecificConfig(fromHex("1210")),
  sizeLength: 13,
  indexLength: 3,
  indexDeltaLength: 3,
  profileLevelId: 1,
};
const latm: LatmCodec = {
  name: "MPEG-4 Audio LATM",
  profileLevelId: 1,
  configInBand: false,
  streamMuxConfig: fromHex("400024203fc0"),
};

function framesBySize(bytes: Uint8Array, sizeAt: (rest: Uint8Array) => number | undefined): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = sizeAt(bytes.subarray(at)) ?? 0;
    if (size === 0 || at + size > bytes.length) break;
    frames.push(bytes.subarray(at, at + size));
    at += size;
  }
  return frames;
}

const accessUnits = splitAdts(audioStream("adts")).accessUnits;
const ac3Frames = framesBySize(audioStream("ac3"), (rest) => parseAc3Header(rest)?.frameSize);
const mp3Frames = framesBySize(audioStream("mp3"), (rest) => parseMpeg1AudioHeader(rest)?.frameSize);
const mp2Frames = framesBySize(audioStream("mp2"), (rest) => parseMpeg1AudioHeader(rest)?.frameSize);
const ac3: Codec = { name: "AC3", sampleRate: 48000, channelCount: 2 };
const mpegAudio: Codec = { name: "MPEG-1/2 Audio" };

/** Capture, codec, frames in the order they come out, ticks of all. */
const cases: readonly [Parameters<typeof capturedPackets>[0], Codec, Uint8Array[], number][] = [
  ["ffmpegAac", aac, accessUnits.slice(0, 4), 4096],
  ["ffmpegAacFragmented", aac, accessUnits, 5120],
  ["gstreamerAac", aac, accessUnits, 5120],
  ["gstreamerAacFragmented", aac, accessUnits, 5120],
  ["gstreamerAc3", ac3, ac3Frames, 4 * 1536],
  ["gstreamerAc3Fragmented", ac3, ac3Frames, 4 * 1536],
  ["gstreamerMp3", mpegAudio, mp3Frames, mp3Frames.length * 2351],
  ["ffmpegMp2Fragmented", mpegAudio, mp2Frames, mp2Frames.length * 2160],
  ["gstreamerKlv", { name: "KLV" }, [audioStream("klv")], 0],
];

for (const [name, codec, frames, ticks] of cases) {
  Deno.test(`RTP of ${name}`, () => {
    const { payload, errors } = depacketizeAll(capturedPackets(name), codec);
    equal(errors, []);
    equal(payload.map(hex), frames.map(hex));
    equal(payloadFormat(codec).duration?.(payload, codec) ?? 0, ticks);
  });
}

Deno.test("RTP of ffmpegMp3: several frames a packet", () => {
  const { payload, errors } = depacketizeAll(capturedPackets("ffmpegMp3"), mpegAudio);
  equal(errors, []);
  equal(payload.map(hex), mp3Frames.slice(0, payload.length).map(hex));
  equal(payload.length > 3, true);
});

for (const name of ["ffmpegLatm", "gstreamerLatmFragmented"] as const) {
  Deno.test(`RTP of ${name}: the access units inside`, () => {
    const { payload, errors } = depacketizeAll(capturedPackets(name), latm);
    equal(errors, []);
    const config = parseStreamMuxConfig(fromHex("400024203fc0"));
    const units = payload.flatMap((element) =>
      parseAudioMuxElement(element, false, config)?.accessUnits ?? []
    );
    equal(units.map(hex), accessUnits.map(hex));
    equal(payloadFormat(latm).duration?.(payload, latm), 5120);
  });
}

/** Packets that stand alone: the difference of timestamps must be the duration of the payload. */
const alone: readonly [Parameters<typeof capturedPackets>[0], Codec][] = [
  ["ffmpegOpus60ms", { name: "Opus", channelCount: 2 }],
  ["ffmpegG722", { name: "G722" }],
  ["ffmpegL16", { name: "LPCM", bitDepth: 16, sampleRate: 8000, channelCount: 2 }],
];

for (const [name, codec] of alone) {
  Deno.test(`RTP of ${name}: timestamps advance by the duration`, () => {
    const packets = capturedPackets(name);
    const format = payloadFormat(codec);
    for (let i = 0; i + 1 < packets.length; i++) {
      equal(format.endsUnit(packets[i]), true);
      const { payload } = format.depacketize([packets[i]], codec);
      equal(payload?.map(hex), [hex(packets[i].payload)]);
      const ticks = (packets[i + 1].timestamp - packets[i].timestamp) >>> 0;
      equal(format.duration?.(payload ?? [], codec), ticks);
    }
  });
}

Deno.test("Units end as soon as they can", () => {
  equal(audioUnits(capturedPackets("gstreamerAac"), aac).map((unit) => unit.early), Array(5).fill(true));
  equal(audioUnits(capturedPackets("gstreamerAc3"), ac3).map((unit) => unit.early), [true, true]);
  equal(audioUnits(capturedPackets("gstreamerMp3"), mpegAudio).every((unit) => unit.early), true);
  equal(audioUnits(capturedPackets("gstreamerAacFragmented"), aac).map((unit) => unit.packets.length), [
    2,
    2,
    2,
    2,
    2,
  ]);
});
