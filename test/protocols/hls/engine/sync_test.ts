/** Sound and picture stay together, whatever the clock of the publisher does. */
import { parseParts } from "../../../../src/containers/fmp4/read/part.ts";
import type { FileObserver } from "../../../../src/protocols/hls/engine/mod.ts";
import { startTime } from "../../../../src/protocols/hls/engine/settings.ts";
import type { Track } from "../../../../src/stream/track.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal, ok } from "../../../support/assert.ts";
import { aacTrack, h264Track, pps, sps } from "../support/synthetic.ts";
import { Random } from "../../../support/random.ts";
import { parseMediaPlaylist } from "../support/media_playlist.ts";
import { createMuxer, playlist } from "./support.ts";

const frameRate = 25;
const videoClock = 90_000;
const audioClock = 48_000;
const audioFrame = 1024;

/** Real time in ms, in every frame: four bytes at the end. */
function stamp(head: readonly number[], seconds: number): Uint8Array {
  const bytes = new Uint8Array(head.length + 4);
  bytes.set(head);
  new DataView(bytes.buffer).setUint32(head.length, Math.round(seconds * 1000));
  return bytes;
}

interface Piece {
  /** Real time, and the publisher's time at that moment, in seconds. */
  readonly from: number;
  readonly clock: number;
  /** Seconds of video and of audio. */
  readonly video: number;
  readonly audio: number;
  /** Frames since the last key frame when the piece begins. */
  readonly phase?: number;
  /** The publisher's time of the sound, where it is another one. */
  readonly audioClock?: number;
  /** Seconds by which sound comes later than the picture; most encoders are a little late. */
  readonly late?: number;
}

function units(tracks: readonly Track[], pieces: readonly Piece[]): Unit[] {
  const timed: { at: number; unit: Unit }[] = [];
  for (
    const { from, clock, video, audio, phase = 0, audioClock: soundClock = clock, late = 0.07 } of pieces
  ) {
    for (let i = 0; i < video * frameRate; i++) {
      const at = from + i / frameRate;
      const key = (i + phase) % 50 === 0;
      const slice = stamp([key ? 0x65 : 0x41, 0x88], at);
      const pts = Math.round((clock + i / frameRate) * videoClock);
      const payload = key ? [sps, pps, slice] : [slice];
      timed.push({ at, unit: Unit.fromPayload(tracks[0], pts, at * 1000, payload) });
    }
    const count = Math.floor(audio * audioClock / audioFrame);
    for (let i = 0; i < count; i++) {
      const seconds = i * audioFrame / audioClock;
      const pts = Math.round(soundClock * audioClock) + i * audioFrame;
      const frame = stamp([0x21], from + seconds);
      const unit = Unit.fromPayload(tracks[1], pts, (from + seconds) * 1000, [frame]);
      timed.push({ at: from + seconds + late, unit });
    }
  }
  return timed.sort((a, b) => a.at - b.at).map(({ unit }) => unit);
}

/** How far each sample's time lies behind its real time, in ms, by file. */
function run(pieces: readonly Piece[], variant: "fmp4" | "lowLatency" = "fmp4") {
  const tracks = [h264Track(0), aacTrack(1)];
  const delays = {
    video: [] as { at: number; delay: number }[],
    audio: [] as { at: number; delay: number }[],
  };
  let lastEnd = { video: 0, audio: 0 };
  const observer: FileObserver = {
    added(name, bytes) {
      if (name.includes("init")) return;
      const kind = name.includes("video") ? "video" : "audio";
      const clockRate = kind === "video" ? videoClock : audioClock;
      for (const { tracks: [{ baseTime, samples }] } of parseParts(bytes)) {
        let time = baseTime;
        ok(time >= lastEnd[kind], `${name} goes back from ${lastEnd[kind]} to ${time}`);
        for (const { data, duration, compositionOffset } of samples) {
          const at = new DataView(data.buffer, data.byteOffset + data.length - 4).getUint32(0);
          const seen = (time + compositionOffset) / clockRate * 1000 - startTime * 1000;
          delays[kind].push({ at, delay: seen - at });
          time += duration;
        }
        lastEnd = { ...lastEnd, [kind]: time };
      }
    },
    removed() {},
  };
  const muxer = createMuxer(tracks, { variant }, { observer });
  let version = -1;
  for (const unit of units(tracks, pieces)) {
    muxer.write([unit]);
    if (muxer.version === version) continue;
    version = muxer.version;
    for (const name of muxer.playlistNames) {
      const text = playlist(muxer, name);
      if (text !== null) parseMediaPlaylist(text);
    }
  }
  return delays;
}

/** The difference between sound and picture of the same real time, at the most, after `from` seconds. */
function apart({ video, audio }: ReturnType<typeof run>, from: number): { worst: number; compared: number } {
  let worst = 0;
  let compared = 0;
  for (const { at, delay } of audio) {
    const picture = video.findLast((one) => one.at <= at);
    if (at < from * 1000 || picture === undefined || at - picture.at > 2000 / frameRate) continue;
    worst = Math.max(worst, Math.abs(delay - picture.delay));
    compared++;
  }
  return { worst, compared };
}

const loops = (video: number, audio: number): Piece[] =>
  Array.from({ length: 8 }, (_, i) => ({ from: i * Math.max(video, audio), clock: 50, video, audio }));

const cases: readonly (readonly [name: string, pieces: readonly Piece[], from: number])[] = [
  ["a steady clock", [{ from: 0, clock: 50, video: 20, audio: 20 }], 0],
  ["a clock that begins anew in front of a key frame", [
    { from: 0, clock: 50, video: 12, audio: 12 },
    { from: 12, clock: 0, video: 20, audio: 20 },
  ], 14],
  ["a clock that begins anew in the middle of a group", [
    { from: 0, clock: 50, video: 12, audio: 12 },
    { from: 12, clock: 0, video: 20, audio: 20, phase: 10 },
  ], 15],
  ["a clock that begins anew long before the next key frame", [
    { from: 0, clock: 50, video: 12, audio: 12 },
    { from: 12, clock: 0, video: 1.9, audio: 1.9, phase: 2 },
    // Without a key frame for seven seconds.
    { from: 13.9, clock: 1.9, video: 1.9, audio: 1.9, phase: 2 },
    { from: 15.8, clock: 3.8, video: 1.9, audio: 1.9, phase: 2 },
    { from: 17.7, clock: 5.7, video: 1.9, audio: 1.9, phase: 2 },
    { from: 19.6, clock: 7.6, video: 16, audio: 16 },
  ], 22],
  ["a clock that goes back three seconds", [
    { from: 0, clock: 50, video: 12, audio: 12 },
    { from: 12, clock: 59, video: 20, audio: 20 },
  ], 14],
  ["a clock that begins anew, sound first", [
    { from: 0, clock: 50, video: 12, audio: 12, late: -0.4 },
    { from: 12, clock: 0, video: 20, audio: 20, late: -0.4, phase: 30 },
  ], 15],
  ["a clock of the sound that begins anew alone", [
    { from: 0, clock: 50, video: 12, audio: 12 },
    { from: 12, clock: 62, video: 20, audio: 20, audioClock: 3 },
  ], 18],
  ["a clock of the picture that begins anew alone", [
    { from: 0, clock: 50, video: 12, audio: 12 },
    { from: 12, clock: 3, video: 20, audio: 20, audioClock: 62 },
  ], 14],
  ["a clock that jumps ahead", [
    { from: 0, clock: 50, video: 12, audio: 12 },
    { from: 12, clock: 500, video: 20, audio: 20, phase: 10 },
  ], 15],
  ["a file in a loop whose sound is shorter", loops(8, 7.7), 9],
  ["a file in a loop whose sound is longer", loops(8, 8.3), 9],
];

for (const [name, pieces, from] of cases) {
  for (const variant of ["fmp4", "lowLatency"] as const) {
    Deno.test(`sync, ${variant}: ${name}`, () => {
      const { worst, compared } = apart(run(pieces, variant), from);
      ok(compared > 100, `${compared} samples compared`);
      ok(worst <= 40, `${worst} ms apart`);
    });
  }
}

Deno.test("sync: whatever clocks do, times only grow and playlists can be read", () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = new Random(seed);
    const pieces: Piece[] = [];
    let from = 0;
    let clock = random.int(100);
    for (let i = 0; i < 6; i++) {
      const video = random.int(5) === 0 ? 0 : random.int(120) / 10;
      const audio = random.int(5) === 0 ? 0 : Math.max(0, video + random.int(20) / 10 - 1);
      const phase = random.int(50);
      const late = random.int(13) / 10 - 0.5;
      const audioClock = random.int(4) === 0 ? random.int(300) : clock;
      pieces.push({ from, clock, video, audio, phase, late, audioClock });
      from += Math.max(video, audio);
      clock = random.int(3) === 0 ? clock + video : Math.max(0, clock + [-40, -4, 0.3, 7][random.int(4)]);
    }
    try {
      run(pieces, random.int(2) === 0 ? "fmp4" : "lowLatency");
    } catch (error) {
      throw new Error(`seed ${seed}: ${JSON.stringify(pieces)}`, { cause: error });
    }
  }
});

Deno.test("sync: nothing is lost from a steady clock", () => {
  const { video, audio } = run([{ from: 0, clock: 50, video: 20, audio: 20 }]);
  equal([video.length >= 440, audio.length >= 840], [true, true]);
});
