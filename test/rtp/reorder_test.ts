import { buildRtpPacket, type RtpPacket } from "../../src/rtp/packet.ts";
import { ReorderBuffer } from "../../src/rtp/reorder.ts";
import { equal, ok, throws } from "../support/assert.ts";
import { Random } from "../support/random.ts";

function packet(sequence: number, ssrc = 1): RtpPacket {
  return buildRtpPacket(
    { payloadType: 96, sequence: sequence & 0xffff, timestamp: 0, ssrc, marker: false },
    [],
  );
}

/** Pushes and gives the sequence numbers that came out at each step. */
function run(buffer: ReorderBuffer, sequences: readonly number[], now = 0, ssrc = 1): number[][] {
  return sequences.map((sequence) => buffer.push(packet(sequence, ssrc), now).map((out) => out.sequence));
}

Deno.test("in order: each packet at once, without a new array", () => {
  const buffer = new ReorderBuffer();
  equal(run(buffer, [65534, 65535, 0, 1]), [[65534], [65535], [0], [1]]);
  const first = buffer.push(packet(2), 0);
  equal(buffer.push(packet(3), 0) === first, true);
  equal([buffer.lost, buffer.dropped], [0, 0]);
});

Deno.test("swapped packets, across the wraparound", () => {
  const buffer = new ReorderBuffer();
  equal(run(buffer, [65534, 0, 1, 65535, 2]), [[65534], [], [], [65535, 0, 1], [2]]);
  equal(buffer.lost, 0);
});

Deno.test("duplicates and late packets are dropped", () => {
  const buffer = new ReorderBuffer();
  equal(run(buffer, [10, 10, 12, 12, 11, 11, 9, 13]), [[10], [], [], [], [11, 12], [], [], [13]]);
  equal([buffer.lost, buffer.dropped], [0, 4]);
});

Deno.test("a missing packet is given up when the buffer is full", () => {
  const buffer = new ReorderBuffer({ size: 8 });
  run(buffer, [0]);
  equal(run(buffer, [2, 3, 4, 5, 6, 7, 8]).flat(), []);
  equal(run(buffer, [9]), [[2, 3, 4, 5, 6, 7, 8, 9]]);
  equal(buffer.lost, 1);
  equal(run(buffer, [10]), [[10]]);
});

Deno.test("a long gap is counted and does not hold the packet behind it", () => {
  const buffer = new ReorderBuffer({ size: 8 });
  run(buffer, [0, 2]);
  equal(run(buffer, [500]), [[2, 500]]);
  equal(buffer.lost, 1 + 497);
});

Deno.test("a missing packet is given up after the longest wait", () => {
  const buffer = new ReorderBuffer({ maxWaitMs: 100 });
  run(buffer, [0], 0);
  equal(run(buffer, [2], 1000), [[]]);
  equal(run(buffer, [3], 1099), [[]]);
  equal(run(buffer, [4], 1100), [[2, 3, 4]]);
  equal(run(buffer, [1, 5], 1101), [[], [5]]);
  equal([buffer.lost, buffer.dropped], [1, 1]);
});

Deno.test("a restart far off is followed without losing its packets", () => {
  for (const start of [20000, 60000]) {
    const buffer = new ReorderBuffer();
    run(buffer, [0, 1, 2]);
    equal(run(buffer, [start, start + 1, start + 2, start + 3]), [[], [], [start, start + 1, start + 2], [
      start + 3,
    ]]);
    equal([buffer.lost, buffer.dropped], [0, 0]);
  }
});

Deno.test("a new SSRC is followed, even with numbers that fit", () => {
  const buffer = new ReorderBuffer();
  run(buffer, [0, 1, 3]);
  equal(run(buffer, [4, 5, 6, 7], 0, 2), [[], [], [3, 4, 5, 6], [7]]);
});

Deno.test("strays do not disturb", () => {
  const buffer = new ReorderBuffer();
  run(buffer, [0]);
  equal(run(buffer, [30000, 1, 30001, 2, 40000, 50000, 3]), [[], [1], [], [2], [], [], [3]]);
  equal([buffer.lost, buffer.dropped], [0, 4]);
});

Deno.test("a restart a little back is followed when nothing else comes", () => {
  const buffer = new ReorderBuffer({ size: 16 });
  run(buffer, Array.from({ length: 30 }, (_, i) => i));
  const out = run(buffer, Array.from({ length: 60 }, () => 20)).flat();
  equal(out.slice(0, 1), [20]);
  equal(run(buffer, [21]), [[21]]);
});

Deno.test("flush gives what is held", () => {
  const buffer = new ReorderBuffer();
  run(buffer, [0, 2, 4]);
  equal(buffer.flush().map((out) => out.sequence), [2, 4]);
  equal(buffer.lost, 2);
  equal(run(buffer, [5]), [[5]]);
});

Deno.test("a size that is no power of two is a defect", () => {
  throws(() => new ReorderBuffer({ size: 60 }), RangeError);
});

Deno.test("any disorder within the window comes out in order, and losses are counted", () => {
  const random = new Random(5);
  for (let round = 0; round < 20; round++) {
    const buffer = new ReorderBuffer();
    const start = random.int(65536);
    const total = 1000;
    const lost = new Set(Array.from({ length: 30 }, () => 1 + random.int(total - 100)));
    const arriving = Array.from({ length: total }, (_, i) => i).filter((i) => !lost.has(i))
      .map((i) => ({ i, key: i === 0 ? -1 : i + random.int(20) }))
      .sort((a, b) => a.key - b.key);
    if (random.int(2) === 0) arriving.splice(50, 0, arriving[40], arriving[49]);
    const out: number[] = [];
    for (const { i } of arriving) {
      for (const { sequence } of buffer.push(packet(start + i), 0)) out.push((sequence - start) & 0xffff);
    }
    for (const { sequence } of buffer.flush()) out.push((sequence - start) & 0xffff);
    equal(out, Array.from({ length: total }, (_, i) => i).filter((i) => !lost.has(i)));
    equal(buffer.lost, lost.size);
  }
});

Deno.test("whatever arrives, nothing comes out twice in a row and the memory stays bounded", () => {
  const random = new Random(6);
  const buffer = new ReorderBuffer({ size: 16 });
  let sequence = 0;
  let pushed = 0;
  let given = 0;
  for (let i = 0; i < 20000; i++) {
    sequence = random.int(50) === 0 ? random.int(65536) : sequence + random.int(5) - 1 & 0xffff;
    given += buffer.push(packet(sequence, random.int(200) === 0 ? 2 : 1), i).length;
    pushed++;
    ok(pushed - given - buffer.dropped <= 16 + 3);
  }
});
