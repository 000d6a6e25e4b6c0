import { silentLogger } from "../../../src/base/logger.ts";
import type { MediaMessage } from "../../../src/protocols/rtmp/engine/link.ts";
import { Ingest } from "../../../src/protocols/rtmp/ingest.ts";
import { mediasOfTracks, TrackProbe } from "../../../src/protocols/rtmp/tracks/probe.ts";
import { Stream } from "../../../src/stream/stream.ts";
import type { Unit } from "../../../src/stream/unit.ts";
import { equal, hex, throws } from "../../support/assert.ts";
import {
  aacFrame,
  aacHeader,
  audio,
  av1Config,
  avcConfig,
  avcHeader,
  interFrame,
  keyFrame,
  video,
} from "./support/messages.ts";

/** A publisher whose tracks are those that `start` tells. */
class Publisher {
  readonly problems: string[] = [];
  readonly stream: Stream;
  readonly #ingest: Ingest;

  constructor(...start: readonly MediaMessage[]) {
    const probe = new TrackProbe();
    for (const message of start) probe.push(message, 0);
    const medias = mediasOfTracks(probe.tracks);
    this.stream = new Stream({ medias, logger: silentLogger, gopCache: true, maxRtpPayload: 1200 });
    this.#ingest = new Ingest(this.stream, probe.tracks, (text) => this.problems.push(text));
  }

  send(now: number, ...messages: readonly MediaMessage[]): Unit[] {
    const units: Unit[] = [];
    for (const message of messages) this.#ingest.receive(message, now, units);
    return units;
  }
}

const pts = (units: readonly Unit[]): number[] => units.map((unit) => unit.pts);
const payload = (unit: Unit): string[] => (unit.payload ?? []).map((part) => hex(part));
/** With its composition time in ms. */
const reordered = (timestamp: number, offset: number): MediaMessage =>
  video(timestamp, "2701" + (offset & 0xffffff).toString(16).padStart(6, "0") + interFrame.slice(10));

Deno.test("RTMP ingest: presentation times", () => {
  const cases: readonly (readonly [string, MediaMessage[], number[]])[] = [
    ["start at 0 wherever the publisher begins", [video(7_000_000, keyFrame), video(7_000_040, interFrame)], [
      0,
      3600,
    ]],
    ["go on when 32 bits are over", [video(0xfffffff0, keyFrame), video(0x18, interFrame)], [0, 3600]],
    ["may lie behind decoding times", [video(100, keyFrame), reordered(140, -40), reordered(180, 80)], [
      0,
      0,
      14400,
    ]],
    ["follow a publisher that steps back", [video(5000, keyFrame), video(1000, keyFrame)], [0, -360_000]],
  ];
  for (const [name, messages, expected] of cases) {
    equal(pts(new Publisher(video(0, avcHeader)).send(0, ...messages)), expected, name);
  }
  const far = new Publisher(video(0, avcHeader), audio(0, aacHeader));
  const units = far.send(
    0,
    video(0, keyFrame),
    audio(3e9, aacFrame),
    video(40, keyFrame),
    audio(3e9, aacFrame),
  );
  equal(units[2].pts, 3600);
});

Deno.test("RTMP ingest: audio in whole milliseconds follows without gaps, a real gap is kept", () => {
  const publisher = new Publisher(audio(0, aacHeader));
  const times = [0, 23, 46, 70, 93, 500];
  equal(pts(publisher.send(0, ...times.map((time) => audio(time, aacFrame)))), [
    0,
    1024,
    2048,
    3072,
    4096,
    22050,
  ]);
});

Deno.test("RTMP ingest: the absolute times of all tracks are in step, B-frames or not", () => {
  const publisher = new Publisher(video(0, avcHeader), audio(0, aacHeader));
  const units = [0, 40, 80, 120].flatMap((time, i) =>
    publisher.send(1000 + time, i === 0 ? video(time, keyFrame) : reordered(time, 80), audio(time, aacFrame))
  );
  const shifts = units.map(({ ntp, pts, track }) => Math.round(ntp - pts * 1000 / track.clockRate));
  // The first two come before a picture is known to be that early.
  equal(shifts.slice(2), [920, 920, 920, 920, 920, 920]);
});

Deno.test("RTMP ingest: parameter sets in a message of their own count for the next key frame", () => {
  const publisher = new Publisher(video(0, avcHeader));
  const sets = "1701000000" + "00000004" + "6742c0ff" + "00000002" + "68aa";
  equal(publisher.send(0, video(0, sets)), []);
  equal(payload(publisher.send(0, video(40, keyFrame))[0]), ["6742c0ff", "68aa", "65888421"]);
});

Deno.test("RTMP ingest: AV1 sequence headers in band count until others come", () => {
  const tag = "61763031";
  const publisher = new Publisher(video(0, "90" + tag + av1Config));
  const header = av1Config.slice(8);
  const other = header.slice(0, -2) + "05";
  const frame = (obus: string) => video(0, "91" + tag + obus + "32021000");
  const [first] = publisher.send(0, frame(""));
  const [second, third] = publisher.send(0, frame(other), frame(""));
  equal(payload(third), payload(second));
  equal(payload(third)[0] === payload(first)[0], false);
});

Deno.test("RTMP ingest: a track that becomes another one ends its publisher", () => {
  const hevc = "90" + "68766331" + "00";
  const cases: readonly (readonly [MediaMessage, MediaMessage, RegExp])[] = [
    [video(0, avcHeader), video(0, hevc), /video track 0 changes from avc1 to hvc1/],
    [audio(0, aacHeader), audio(0, "2ffffb9064"), /audio track 0 changes from mp4a to .mp3/],
    [audio(0, aacHeader), audio(0, "af001190"), /audio track 0 changes from 44100 Hz to 48000 Hz/],
    [audio(0, "72d5"), audio(0, "82d5"), /audio track 0 changes from G711 to other parameters/],
    [audio(0, "3b0000"), audio(0, "3f00000000"), /audio track 0 changes from LPCM to other parameters/],
  ];
  for (const [start, change, pattern] of cases) {
    const publisher = new Publisher(start);
    throws(() => publisher.send(0, change), pattern);
  }
});

Deno.test("RTMP ingest: a sequence header that is repeated changes nothing", () => {
  const publisher = new Publisher(audio(0, aacHeader), video(0, avcHeader));
  publisher.send(0, audio(0, aacHeader));
  const [, track] = publisher.stream.tracks;
  const { codec } = track;
  publisher.send(0, audio(0, aacHeader));
  equal(track.codec === codec, true);
  publisher.send(0, audio(0, "af001208"));
  equal(track.codec.name === "MPEG-4 Audio" && track.codec.config.channelCount, 1);
  // Of video the newest counts, be it an old one.
  const other = avcConfig.slice(0, -2) + "c9";
  const sent = [other, avcConfig].map((config) => {
    publisher.send(0, video(0, "1700000000" + config));
    return payload(publisher.send(0, video(0, keyFrame))[0])[1].slice(-2);
  });
  equal(sent, ["c9", "c8"]);
});

Deno.test("RTMP ingest: a track that comes too late is told once, and left out", () => {
  const publisher = new Publisher(audio(0, aacHeader));
  const units = publisher.send(0, video(0, avcHeader), video(0, keyFrame), audio(0, aacFrame));
  equal(units.length, 1);
  equal(publisher.problems, ["track: video track 0 was not there at the start"]);
});
