import { concat } from "../../../src/base/bytes.ts";
import { MpegtsDemuxer } from "../../../src/containers/mpegts/demuxer.ts";
import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { maxGatheredBytes, maxPesSize } from "../../../src/containers/mpegts/pes_assembler.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { fuzz, fuzzRuns } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";
import { HandMade } from "./hand_made.ts";
import { codecs, demux, errorsOf, muxable, randomUnits, unitsOf, writeAll } from "./media.ts";

function smallStream(seed: number): Uint8Array {
  const random = new Random(seed);
  const tracks = Array.from({ length: 2 }, () => ({ codec: codecs[random.pick(muxable)] }));
  const units = randomUnits(random, tracks, 2, 0).map((unit) => ({
    ...unit,
    payload: unit.payload.map((part) => part.subarray(0, 300)),
  })).filter(({ track }) => track.codec.name !== "MPEG-4 Audio LATM");
  return writeAll(new MpegtsMuxer(tracks), units);
}

Deno.test("whatever the bytes, the demuxer throws nothing", () => {
  const seeds = Array.from({ length: 12 }, (_, i) => smallStream(i + 1));
  fuzz("demuxer", seeds, (bytes) => void demux(bytes), Math.ceil(fuzzRuns / 4));
});

Deno.test("whatever the packets hold behind their sync bytes, the demuxer throws nothing", () => {
  const random = new Random(11);
  const seeds = Array.from({ length: 12 }, (_, i) => smallStream(i + 1));
  let units = 0;
  for (let run = 0; run < fuzzRuns / 4; run++) {
    const bytes = random.pick(seeds).slice();
    for (let flips = random.int(12); flips >= 0; flips--) {
      // Headers are where it hurts.
      const packet = random.int(bytes.length / 188) * 188;
      bytes[packet + 1 + random.int(random.pick([5, 40, 187]))] = random.pick([
        0,
        1,
        0x7f,
        0xff,
        random.int(256),
      ]);
    }
    units += unitsOf(demux(bytes, random, 2000)).length;
  }
  ok(units > 0);
});

Deno.test("a PES packet that never ends is dropped", () => {
  const make = new HandMade();
  const demuxer = new MpegtsDemuxer();
  const start = make.pes(0x101, new Uint8Array(3000), { pts: 0 }, { streamId: 0xe0, payloadSize: null });
  demuxer.push(concat([make.tables({ 0x101: 0x1b }), start]));
  // Sixteen packets whose counters follow one another, again and again.
  const more = endless([0x101], start);
  const errors: string[] = [];
  for (let pushed = 0; pushed < maxPesSize * 1.1; pushed += more.length) {
    errors.push(...errorsOf(demuxer.push(more)));
  }
  equal(errors.length, 1);
  match(errors[0], /more than 16777216 bytes/);
});

Deno.test("PES packets in the making share a limit", () => {
  const make = new HandMade();
  const demuxer = new MpegtsDemuxer();
  const pids = [0x101, 0x102, 0x103, 0x104, 0x105];
  demuxer.push(make.tables(Object.fromEntries(pids.map((pid) => [pid, 0x1b]))));
  let start = new Uint8Array(0);
  for (const pid of pids) {
    start = make.pes(pid, new Uint8Array(3000), { pts: 0 }, {
      streamId: 0xe0,
      payloadSize: null,
    }) as typeof start;
    demuxer.push(start);
  }
  const more = endless(pids, start);
  const size = 0.7 * maxPesSize * pids.length;
  ok(size > maxGatheredBytes);
  const errors: string[] = [];
  for (let pushed = 0; pushed < size; pushed += more.length) errors.push(...errorsOf(demuxer.push(more)));
  ok(errors.length > 0 && errors.length < pids.length);
});

/** Packets without a start that follow the last one of `start`, sixteen for each PID. */
function endless(pids: readonly number[], start: Uint8Array): Uint8Array {
  const counter = start[start.length - 188 + 3] & 15;
  const packets: Uint8Array[] = [];
  for (let i = 1; i <= 16; i++) {
    for (const pid of pids) {
      const packet = new Uint8Array(188);
      packet.set([0x47, pid >> 8, pid & 0xff, 0x10 | (counter + i) & 15]);
      packets.push(packet);
    }
  }
  return concat(packets);
}
