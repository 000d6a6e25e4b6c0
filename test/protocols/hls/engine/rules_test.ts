/** Synthetic streams through the muxer; every playlist and every part is checked by the validator. */
import type { MuxerSettings } from "../../../../src/protocols/hls/engine/mod.ts";
import type { Track } from "../../../../src/stream/track.ts";
import { equal, ok } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import {
  aacConfig,
  aacTrack,
  audioTrack,
  audioUnits,
  h264Track,
  interleave,
  spsWithLevel,
  type TimedUnit,
  videoUnits,
} from "../support/synthetic.ts";
import { createMuxer, validate } from "./support.ts";

interface Case {
  readonly name: string;
  readonly tracks: () => Track[];
  readonly units: (tracks: readonly Track[], random: Random) => TimedUnit[][];
  readonly settings?: Partial<MuxerSettings>;
  /** Parts reach 85 % of their target. */
  readonly regular: boolean;
  readonly discontinuities?: number;
  /** Samples of each rendition that must have been listed, at least. */
  readonly samples: readonly number[];
}

const opus = () => audioTrack(1, { name: "Opus", channelCount: 2 }, 48000);
/** 20 ms. */
const opusFrame = () => Uint8Array.of(0x78, 1, 2, 3);

const cases: readonly Case[] = [
  {
    name: "video with B-frames and AAC",
    tracks: () => [h264Track(0), aacTrack(1)],
    units: ([video, audio], random) => [
      videoUnits(video, random, { frames: 300, frameRate: 25, keyInterval: 25, bFrames: 2 }),
      audioUnits(audio, random, { seconds: 12, samplesPerFrame: 1024 }),
    ],
    regular: true,
    samples: [270, 500],
  },
  {
    name: "30 frames a second with a clock of milliseconds",
    tracks: () => [h264Track(0)],
    units: ([video], random) => [
      videoUnits(video, random, { frames: 360, frameRate: 30, keyInterval: 30, jitter: 90 }),
    ],
    regular: true,
    samples: [320],
  },
  {
    name: "24 frames a second, key frames every two seconds",
    tracks: () => [h264Track(0)],
    units: ([video], random) => [videoUnits(video, random, { frames: 400, frameRate: 24, keyInterval: 48 })],
    regular: true,
    samples: [330],
  },
  {
    name: "heavy jitter",
    tracks: () => [h264Track(0)],
    units: ([video], random) => [
      videoUnits(video, random, { frames: 360, frameRate: 30, keyInterval: 30, jitter: 2500 }),
    ],
    regular: false,
    samples: [320],
  },
  {
    name: "one frame a second",
    tracks: () => [h264Track(0)],
    units: ([video], random) => [videoUnits(video, random, { frames: 40, frameRate: 1, keyInterval: 1 })],
    // The SPS claims 25: the very first decoding times follow it.
    regular: false,
    samples: [35],
  },
  {
    name: "audio only, AAC in units of four frames",
    tracks: () => [aacTrack(0)],
    units: (
      [audio],
      random,
    ) => [audioUnits(audio, random, { seconds: 12, samplesPerFrame: 1024, perUnit: 4 })],
    regular: true,
    samples: [500],
  },
  {
    name: "several audio tracks without video",
    tracks: () => [aacTrack(0), opus(), aacTrack(2, { ...aacConfig, sampleRate: 44100 })],
    units: ([aac, opus, aac44], random) => [
      audioUnits(aac, random, { seconds: 12, samplesPerFrame: 1024 }),
      audioUnits(opus, random, { seconds: 12, samplesPerFrame: 960, frame: opusFrame }),
      audioUnits(aac44, random, { seconds: 12, samplesPerFrame: 1024, delay: 0.3 }),
    ],
    regular: true,
    samples: [500, 540, 450],
  },
  {
    name: "audio that arrives late in bursts",
    tracks: () => [h264Track(0), aacTrack(1)],
    units: ([video, audio], random) => [
      videoUnits(video, random, { frames: 300, frameRate: 25, keyInterval: 25 }),
      audioUnits(audio, random, { seconds: 12, samplesPerFrame: 1024, perUnit: 24, delay: 0.9 }),
    ],
    regular: true,
    samples: [270, 450],
  },
  {
    name: "audio that falls silent for three seconds",
    tracks: () => [h264Track(0), aacTrack(1)],
    units: ([video, audio], random) => [
      videoUnits(video, random, { frames: 400, frameRate: 25, keyInterval: 25 }),
      audioUnits(audio, random, { seconds: 16, samplesPerFrame: 1024, silence: [5.3, 8.4] }),
    ],
    regular: false,
    samples: [360, 500],
  },
  {
    name: "audio that never comes",
    tracks: () => [h264Track(0), aacTrack(1)],
    units: ([video], random) => [videoUnits(video, random, { frames: 300, frameRate: 25, keyInterval: 25 })],
    regular: true,
    samples: [270, 0],
  },
  {
    name: "new parameters in the middle",
    tracks: () => [h264Track(0), aacTrack(1)],
    units: ([video, audio], random) => [
      videoUnits(video, random, {
        frames: 300,
        frameRate: 25,
        keyInterval: 25,
        spsAt: (frame) => spsWithLevel(frame < 140 ? 10 : 11),
      }),
      audioUnits(audio, random, { seconds: 12, samplesPerFrame: 1024 }),
    ],
    regular: true,
    discontinuities: 1,
    samples: [270, 500],
  },
  {
    name: "a hole of eight seconds",
    tracks: () => [h264Track(0)],
    units: ([video], random) => [
      videoUnits(video, random, {
        frames: 300,
        frameRate: 25,
        keyInterval: 25,
        jump: { frame: 110, seconds: 8 },
      }),
    ],
    regular: true,
    discontinuities: 1,
    samples: [250],
  },
  {
    name: "a clock that jumps back",
    tracks: () => [h264Track(0)],
    units: ([video], random) => [
      videoUnits(video, random, {
        frames: 150,
        frameRate: 25,
        keyInterval: 25,
        jump: { frame: 0, seconds: 50 },
      }),
      videoUnits(video, random, { frames: 150, frameRate: 25, keyInterval: 25 })
        .map(({ unit, at }) => ({ unit, at: at + 100 })),
    ],
    regular: true,
    discontinuities: 1,
    samples: [260],
  },
  {
    name: "fMP4 without parts",
    tracks: () => [h264Track(0), aacTrack(1)],
    units: ([video, audio], random) => [
      videoUnits(video, random, { frames: 300, frameRate: 25, keyInterval: 25, bFrames: 2 }),
      audioUnits(audio, random, { seconds: 12, samplesPerFrame: 1024 }),
    ],
    settings: { variant: "fmp4", segmentCount: 3 },
    regular: true,
    samples: [220, 420],
  },
];

for (const one of cases) {
  Deno.test(`rules: ${one.name}`, async () => {
    const tracks = one.tracks();
    const units = interleave(...one.units(tracks, new Random(7)));
    const muxer = createMuxer(tracks, one.settings);
    const names = tracks.map((track) => `${track.kind}${track.id + 1}_stream.m3u8`);
    const options = names.map((name, i) =>
      [name, { video: tracks[i].isVideo, regular: one.regular }] as const
    );
    const validators = await validate(muxer, units, Object.fromEntries(options));
    names.forEach((name, i) => {
      const { problems, samples, discontinuities, playlists } = validators[name];
      equal(problems, [], name);
      ok(samples >= one.samples[i], `${name}: ${samples} samples were listed`);
      if (samples > 0) {
        ok(playlists > 3, `${name}: ${playlists} playlists`);
        equal(discontinuities, one.discontinuities ?? 0, name);
      }
    });
  });
}

Deno.test("rules: renditions number the same time alike", async () => {
  const tracks = [h264Track(0), aacTrack(1)];
  const random = new Random(3);
  const muxer = createMuxer(tracks);
  const units = interleave(
    videoUnits(tracks[0], random, { frames: 300, frameRate: 25, keyInterval: 25 }),
    audioUnits(tracks[1], random, { seconds: 12, samplesPerFrame: 1024 }),
  );
  const validators = await validate(muxer, units, {
    "video1_stream.m3u8": { video: true, regular: true },
    "audio2_stream.m3u8": { video: false, regular: true },
  });
  const dates = new Map<number, number>();
  const video = muxer.media("video1_stream.m3u8", { msn: null, part: null, delta: false });
  const audio = muxer.media("audio2_stream.m3u8", { msn: null, part: null, delta: false });
  ok(video.kind === "playlist" && audio.kind === "playlist");
  for (const segment of (await validators["video1_stream.m3u8"].check(text(video.body.bytes("")))).segments) {
    dates.set(segment.msn, Date.parse(segment.dateTime!));
  }
  let compared = 0;
  for (const segment of (await validators["audio2_stream.m3u8"].check(text(audio.body.bytes("")))).segments) {
    const date = dates.get(segment.msn);
    if (date === undefined) continue;
    ok(Math.abs(Date.parse(segment.dateTime!) - date) < 25, `segment ${segment.msn}`);
    compared++;
  }
  ok(compared >= 6);
});

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
