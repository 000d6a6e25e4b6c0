/** The muxer and demuxer of MPEG-TS against FFmpeg's. */
import { MpegtsDemuxer } from "../../src/containers/mpegts/demuxer.ts";
import type { DemuxerEvent } from "../../src/containers/mpegts/demuxer_event.ts";
import { MpegtsMuxer } from "../../src/containers/mpegts/muxer.ts";
import { concat } from "../../src/base/bytes.ts";
import { equal, ok } from "../support/assert.ts";
import { decodeMpegts, ffmpeg, probeMpegts } from "./support/ffmpeg_pipe.ts";

const picture = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=2"];
const sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"];

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  /** Names of our codecs. */
  readonly codecs: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "H.264 with B-frames and AAC",
    args: [...picture, ...sound, "-c:v", "libx264", "-preset", "fast", "-g", "25", "-bf", "3", "-c:a", "aac"],
    codecs: ["H264", "MPEG-4 Audio"],
  },
  {
    name: "H.265 and Opus",
    args: [
      ...[...picture, ...sound, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"],
      ...["-c:a", "libopus"],
    ],
    codecs: ["H265", "Opus"],
  },
  {
    name: "MPEG-2 with B-frames and MP2",
    args: [...picture, ...sound, "-c:v", "mpeg2video", "-bf", "2", "-b:v", "2M", "-c:a", "mp2"],
    codecs: ["MPEG-1/2 Video", "MPEG-1/2 Audio"],
  },
  {
    name: "MPEG-4 and AC-3",
    args: [...picture, ...sound, "-c:v", "mpeg4", "-bf", "2", "-c:a", "ac3"],
    codecs: ["MPEG-4 Video", "AC3"],
  },
  {
    name: "AC-3 as DVB has it",
    args: [...sound, "-c:a", "ac3", "-mpegts_flags", "+system_b"],
    codecs: ["AC3"],
  },
  {
    name: "LATM",
    args: [...sound, "-c:a", "aac", "-mpegts_flags", "+latm"],
    codecs: ["MPEG-4 Audio LATM"],
  },
  {
    name: "M2TS",
    args: [...picture, ...sound, "-c:v", "libx264", "-c:a", "ac3", "-mpegts_m2ts_mode", "1"],
    codecs: ["H264", "AC3"],
  },
  { name: "MP3", args: [...sound, "-c:a", "libmp3lame"], codecs: ["MPEG-1/2 Audio"] },
  {
    name: "Opus with six channels",
    args: [...sound, "-ac", "6", "-c:a", "libopus"],
    codecs: ["Opus"],
  },
  {
    name: "times that wrap",
    args: [
      ...[...picture, ...sound, "-c:v", "libx264", "-bf", "2", "-c:a", "aac"],
      ...["-output_ts_offset", "95442.7", "-muxdelay", "0"],
    ],
    codecs: ["H264", "MPEG-4 Audio"],
  },
];

function demux(bytes: Uint8Array): DemuxerEvent[] {
  const demuxer = new MpegtsDemuxer();
  const events: DemuxerEvent[] = [];
  for (let at = 0; at < bytes.length; at += 1316) events.push(...demuxer.push(bytes.subarray(at, at + 1316)));
  events.push(...demuxer.flush());
  return events;
}

type Units = readonly (DemuxerEvent & { type: "unit" })[];

function unitsOf(events: readonly DemuxerEvent[]): Units {
  return events.filter((event) => event.type === "unit");
}

function tracksOf(events: readonly DemuxerEvent[]) {
  const found = events.find((event) => event.type === "tracks");
  ok(found !== undefined);
  return found;
}

function errorsOf(events: readonly DemuxerEvent[]): string[] {
  return events.filter((event) => event.type === "error").map(({ text }) => text);
}

const modulus = 2 ** 33;
const wrap = (value: number) => ((value % modulus) + modulus) % modulus;

/** FFmpeg's packets are frames: video units are compared one by one, audio units by their first frame. */
async function checkAgainstProbe(bytes: Uint8Array, events: readonly DemuxerEvent[]): Promise<void> {
  const probe = await probeMpegts(bytes);
  for (const track of tracksOf(events).tracks) {
    const theirs = probe.packets.filter(({ stream }) => stream === track.number - 1);
    const ours = unitsOf(events).filter((unit) => unit.track === track);
    if (/Video|H26/.test(track.codec.name)) {
      equal(
        ours.map(({ pts, dts }) => [wrap(pts), wrap(dts)]),
        theirs.map(({ pts, dts = pts }) => [wrap(pts!), wrap(dts!)]),
      );
      continue;
    }
    equal(ours.reduce((sum, { payload }) => sum + payload.length, 0), theirs.length, track.codec.name);
    let frame = 0;
    for (const { pts, payload } of ours) {
      equal(wrap(pts), wrap(theirs[frame].pts!));
      frame += payload.length;
    }
  }
}

function remux(events: readonly DemuxerEvent[]): Uint8Array {
  const muxer = new MpegtsMuxer(tracksOf(events).tracks);
  return concat(
    unitsOf(events).map((unit) =>
      muxer.write(unit.track, unit.payload, unit.pts, unit.dts, unit.randomAccess)
    ),
  );
}

for (const { name, args, codecs } of cases) {
  Deno.test(`MPEG-TS of FFmpeg is read as ffprobe reads it, and written so that it decodes alike: ${name}`, async () => {
    const theirs = await ffmpeg([...args, "-f", "mpegts"]);
    const events = demux(theirs);
    equal(errorsOf(events), []);
    equal(tracksOf(events).tracks.map(({ codec }) => codec.name), codecs);
    await checkAgainstProbe(theirs, events);

    const ours = remux(events);
    equal(ours.length % 188, 0);
    const again = demux(ours);
    equal(errorsOf(again), []);
    equal(
      unitsOf(again).map(({ payload, pts, dts }) => [payload, wrap(pts), wrap(dts)]),
      unitsOf(events).map(({ payload, pts, dts }) => [payload, wrap(pts), wrap(dts)]),
    );
    const expected = await decodeMpegts(theirs);
    const decoded = await decodeMpegts(ours);
    equal(decoded.messages, "");
    ok(decoded.frames.length > 0);
    equal(decoded.frames, expected.frames);
    equal((await probeMpegts(ours)).messages, "");
  });
}

Deno.test("a segment that starts at a key frame decodes alone", async () => {
  const theirs = await ffmpeg([...cases[0].args, "-f", "mpegts"]);
  const events = demux(theirs);
  const units = unitsOf(events);
  const isKey = (unit: Units[number]) => unit.track.codec.name === "H264" && unit.randomAccess;
  const second = units.findIndex((unit, i) => i > 0 && isKey(unit));
  const muxer = new MpegtsMuxer(tracksOf(events).tracks);
  const write = (unit: Units[number]) =>
    muxer.write(unit.track, unit.payload, unit.pts, unit.dts, unit.randomAccess);
  units.slice(0, second).forEach(write);
  muxer.startSegment();
  const { frames, messages } = await decodeMpegts(concat(units.slice(second).map(write)));
  equal(messages, "");
  // The second of two groups of 25 pictures.
  equal(frames.filter((line) => line.startsWith("0,")).length, 25);
});

Deno.test("FFmpeg finds KLV, synchronous and asynchronous", async () => {
  const key = [6, 0xe, 0x2b, 0x34, 2, 0xb, 1, 1, 0xe, 1, 3, 1, 1, 0, 0, 0];
  for (const mode of ["synchronous", "asynchronous"] as const) {
    const track = { codec: { name: "KLV" } as const };
    const muxer = new MpegtsMuxer([track], mode);
    const times = Array.from({ length: 20 }, (_, i) => 90_000 + 9000 * i);
    const bytes = times.map((pts, i) => muxer.write(track, [Uint8Array.of(...key, 1, i)], pts, pts, true));
    const probe = await probeMpegts(concat(bytes));
    equal(probe.codecs, ["klv"]);
    const known = mode === "synchronous" ? times : times.map(() => undefined);
    equal(probe.packets.map(({ pts }) => pts), known);
  }
});
