import { concat } from "../../src/base/bytes.ts";
import type { Codec } from "../../src/codecs/codec.ts";
import { serializeAdtsHeader } from "../../src/codecs/mpeg4audio/adts.ts";
import { MpegtsMuxer } from "../../src/containers/mpegts/muxer.ts";
import type { RtpMedia } from "../../src/rtp/format.ts";
import type { Fanout } from "../../src/stream/fanout.ts";
import { maxWaitingTicks, MpegtsIngest } from "../../src/stream/mpegts_ingest.ts";
import { Stream } from "../../src/stream/stream.ts";
import type { Unit } from "../../src/stream/unit.ts";
import { HandMade } from "../containers/mpegts/hand_made.ts";
import { codecs } from "../containers/mpegts/media.ts";
import { equal, ok } from "../support/assert.ts";
import { recordLog } from "./support.ts";

const sps = Uint8Array.of(0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe8);
const pps = Uint8Array.of(0x68, 0xce, 0x38, 0x80);
const idr = Uint8Array.of(0x65, 0x88, 0x84, 0x05);
const slice = Uint8Array.of(0x41, 0x9a, 0x05, 0x06);
const aacFrame = 1920;

function wire(tracks: readonly Codec[]) {
  const objects = tracks.map((codec) => ({ codec }));
  const muxer = new MpegtsMuxer(objects);
  return (index: number, payload: Uint8Array[], dts: number, key = true, pts = dts) =>
    muxer.write(objects[index], payload, pts, dts, key);
}

/** An ingest whose stream is opened by hand. */
function setup() {
  const { lines, logger } = recordLog();
  const units: Unit[] = [];
  const failures: unknown[] = [];
  let opened: readonly RtpMedia[] | null = null;
  let answer: (stream: Stream) => void = () => {};
  const ingest = new MpegtsIngest({
    logger,
    open: (medias) => {
      opened = medias;
      return new Promise((resolve) => answer = resolve);
    },
    onFailure: (error) => failures.push(error),
  });
  const collector: Fanout = { write: (batch) => void units.push(...batch), close: () => {} };
  return {
    ingest,
    lines,
    units,
    failures,
    get medias() {
      return opened;
    },
    open: async () => {
      const stream = new Stream({ medias: opened!, logger, gopCache: false, maxRtpPayload: 1000 });
      stream.fanout("test", () => collector);
      answer(stream);
      await Promise.resolve();
      await Promise.resolve();
      return stream;
    },
  };
}

const video = codecs["H264"];
const audio = codecs["MPEG-4 Audio"];

Deno.test("mpegts ingest: tracks are announced with the parameter sets, and units wait for the stream", async () => {
  const mux = wire([video, audio]);
  const test = setup();
  const start = 900_000;
  test.ingest.write(mux(0, [slice], start, false), 0);
  test.ingest.write(mux(1, [Uint8Array.of(1, 2, 3)], start), 0);
  equal(test.medias, null);
  test.ingest.write(mux(0, [sps, pps, idr], start + 3600), 0);
  test.ingest.write(mux(0, [slice], start + 7200, false), 40);
  const [first, second] = test.medias!;
  const { codec } = first.formats[0];
  ok(codec.name === "H264");
  equal([codec.sps, codec.pps], [sps, pps]);
  equal([first.kind, first.formats[0].clockRate], ["video", 90_000]);
  equal([second.kind, second.formats[0].clockRate], ["audio", 48_000]);
  equal(test.units.length, 0);
  await test.open();
  equal(test.units.map(({ track, pts }) => [track.id, pts]), [[0, 0], [1, 0], [0, 3600], [0, 7200]]);
  equal(test.units[2].payload, [sps, pps, idr]);
  test.ingest.write(mux(0, [slice], start + 10800, false), 80);
  equal(test.units.length, 5);
  equal(test.failures, []);
});

Deno.test("mpegts ingest: key frames without parameter sets get those that came before", async () => {
  const mux = wire([video]);
  const test = setup();
  test.ingest.write(mux(0, [sps, pps, idr], 0), 0);
  test.ingest.write(mux(0, [idr], 3600), 0);
  await test.open();
  test.ingest.write(mux(0, [slice], 7200, false), 0);
  equal(test.units.map(({ payload }) => payload), [[sps, pps, idr], [sps, pps, idr], [slice]]);
});

Deno.test("mpegts ingest: without parameter sets the tracks are announced after three seconds", () => {
  const mux = wire([video]);
  const test = setup();
  for (let dts = 0; dts <= maxWaitingTicks; dts += 3600) {
    equal(test.medias, null);
    test.ingest.write(mux(0, [slice], dts, false), 0);
  }
  equal(test.medias?.length, 1);
});

Deno.test("mpegts ingest: audio frames follow each other without gaps although the times jitter", async () => {
  const mux = wire([audio]);
  const test = setup();
  const frame = Uint8Array.of(9, 9);
  test.ingest.write(mux(0, [frame], 1000), 0);
  await test.open();
  for (const [i, jitter] of [[1, 90], [2, -90], [3, 0]]) {
    test.ingest.write(mux(0, [frame], 1000 + i * aacFrame + jitter), 0);
  }
  test.ingest.write(mux(0, [frame], 1000 + 10 * aacFrame), 0);
  equal(test.units.map(({ pts }) => pts), [0, 1024, 2048, 3072, 10240]);
});

Deno.test("mpegts ingest: a time line that begins anew goes on where the old one was", async () => {
  const mux = wire([video]);
  const test = setup();
  test.ingest.write(mux(0, [sps, pps, idr], 5_000_000), 0);
  test.ingest.write(mux(0, [slice], 5_003_600, false), 0);
  await test.open();
  test.ingest.write(mux(0, [idr], 10_000), 0);
  test.ingest.write(mux(0, [slice], 13_600, false), 0);
  test.ingest.write(mux(0, [slice], 17_200, false), 0);
  equal(test.units.map(({ pts }) => pts), [0, 3600, 3600, 7200, 10800]);
});

Deno.test("mpegts ingest: another program ends it unless the tracks are of the same kinds", async () => {
  const test = setup();
  const first = wire([audio]);
  const frame = Uint8Array.of(9, 9);
  test.ingest.write(first(0, [frame], 1000), 0);
  await test.open();
  const second = wire([codecs["AC3"]]);
  // The first tables have the continuity counters of those before, and count as repeated.
  for (const dts of [2000, 30_000, 60_000]) test.ingest.write(second(0, [ac3Frame()], dts), 0);
  equal(test.failures.map(String), [
    "UserError: the program has changed: its tracks are now AC3",
  ]);
  test.ingest.write(first(0, [frame], 3000), 0);
  equal(test.units.length, 1);
});

Deno.test("mpegts ingest: a program that changes brings the parameters of its audio", async () => {
  ok(audio.name === "MPEG-4 Audio");
  const { config } = audio;
  const frame = (channelCount: number) =>
    concat([serializeAdtsHeader({ ...config, channelCount }, 2), Uint8Array.of(9, 9)]);
  const test = setup();
  const make = new HandMade();
  const program = (pid: number, version: number) =>
    concat([make.pat(), make.pmt([{ pid, streamType: 0x0f, descriptors: [] }], version)]);
  test.ingest.write(concat([program(0x101, 0), make.pes(0x101, frame(2), { pts: 0 })]), 0);
  const stream = await test.open();
  test.ingest.write(concat([program(0x105, 1), make.pes(0x105, frame(1), { pts: 1920 })]), 0);
  equal([test.failures.length, test.units.length], [0, 2]);
  const { codec } = stream.tracks[0];
  ok(codec.name === "MPEG-4 Audio");
  equal(codec.config.channelCount, 1);
});

function ac3Frame(): Uint8Array {
  const frame = new Uint8Array(768);
  frame.set([0x0b, 0x77, 1, 2, 0x14, 0x40, 0x40]);
  return frame;
}

Deno.test("mpegts ingest: noise is counted in few lines, and the stream goes on", async () => {
  const mux = wire([audio]);
  const test = setup();
  const frame = Uint8Array.of(9, 9);
  test.ingest.write(mux(0, [frame], 1000), 0);
  await test.open();
  for (let i = 0; i < 50; i++) test.ingest.write(new Uint8Array(1316), 10 * i);
  for (let i = 1; i < 20; i++) test.ingest.write(mux(0, [frame], 1000 + i * aacFrame), 1500);
  ok(test.units.length > 10);
  test.ingest.close();
  const warnings = test.lines.filter((line) => /^warn (\d+ )?decode error/.test(line));
  ok(warnings.length >= 1 && warnings.length <= 3, test.lines.join("\n"));
});

Deno.test("mpegts ingest: a failure to open is told, and nothing comes afterwards", async () => {
  const failures: unknown[] = [];
  const { logger } = recordLog();
  const ingest = new MpegtsIngest({
    logger,
    open: () => Promise.reject(new Error("no")),
    onFailure: (error) => failures.push(error),
  });
  const mux = wire([audio]);
  ingest.write(mux(0, [Uint8Array.of(1)], 0), 0);
  await Promise.resolve();
  await Promise.resolve();
  ingest.write(mux(0, [Uint8Array.of(1)], 1920), 0);
  equal(failures.map(String), ["Error: no"]);
});

/** PAT and PMT with the given streams, in as many versions as it is called. */
function program() {
  const make = new HandMade();
  let version = 0;
  const tables = (streams: readonly { pid: number; streamType: number }[]) =>
    concat([
      make.pat(),
      make.pmt(streams.map((stream) => ({ ...stream, descriptors: [] })), version++ % 32),
    ]);
  return { make, tables };
}

function adts(channelCount: number): Uint8Array {
  return concat([serializeAdtsHeader({ ...audio.config, channelCount }, 4), Uint8Array.of(1, 2, 3, 4)]);
}

Deno.test("mpegts ingest: a program that changes again and again does not fill the log", async () => {
  const { make, tables } = program();
  const test = setup();
  const sound = { pid: 0x101, streamType: 0x0f };
  test.ingest.write(tables([sound]), 0);
  test.ingest.write(make.pes(0x101, adts(2), { pts: 0 }), 0);
  await test.open();
  for (let i = 0; i < 200; i++) {
    const cues = { pid: 0x200 + i, streamType: 0x86 };
    test.ingest.write(tables(i % 2 === 0 ? [sound, cues] : [sound]), i);
  }
  equal(test.failures, []);
  equal(test.lines.filter((line) => /skipping track 2 .*SCTE-35/.test(line)).length, 1);
});

Deno.test("mpegts ingest: tracks whose clocks are far apart keep their distance, and go on evenly", async () => {
  const mux = wire([video, audio]);
  const test = setup();
  for (let i = 0; i < 5; i++) {
    test.ingest.write(mux(0, i === 0 ? [sps, pps, idr] : [slice], i * 3600, i === 0), 0);
    test.ingest.write(mux(1, [Uint8Array.of(9, 9)], 60 * 90_000 + i * aacFrame), 0);
  }
  await test.open();
  const times = (id: number) => test.units.filter(({ track }) => track.id === id).map(({ pts }) => pts);
  equal(times(0).slice(0, 4), [0, 3600, 7200, 10_800]);
  equal(times(1).slice(0, 4), [0, 1024, 2048, 3072].map((pts) => 60 * 48_000 + pts));
});

Deno.test("mpegts ingest: the wait for parameter sets is that of one track", () => {
  const mux = wire([video, audio]);
  const test = setup();
  test.ingest.write(mux(0, [slice], 0, false), 0);
  test.ingest.write(mux(1, [Uint8Array.of(9, 9)], 60 * 90_000), 0);
  test.ingest.write(mux(0, [slice], 3600, false), 0);
  equal(test.medias?.length, undefined);
  test.ingest.write(mux(0, [sps, pps, idr], 7200), 0);
  const codec = test.medias?.[0].formats[0].codec;
  ok(codec?.name === "H264" && codec.sps !== undefined);
});
