import { equal, ok, throws } from "../support/assert.ts";
import { Random } from "../support/random.ts";
import { Continuity } from "./continuity.ts";
import { Histogram } from "./histogram.ts";
import { parseOptions } from "./options.ts";
import { frameShape, H264Frames } from "./publisher/h264_frames.ts";
import { InterleavedParser } from "./readers/interleaved.ts";
import { inLockstep } from "./readers/lockstep.ts";
import { Meter, type PacketSink } from "./readers/meter.ts";
import { firstVideoControl, takeAnswer } from "./readers/rtsp_dialog.ts";
import { laggards } from "./result.ts";
import { createColumns, mapColumns, readerStates } from "./shared.ts";
import { parseCpuTime, parseResidentBytes } from "./sys/process.ts";

const shape = { bitsPerSecond: 2e6, framesPerSecond: 30, payloadSize: 1200, packetsPerFrame: 0 };

class Recorder implements PacketSink {
  readonly seen: { reader: number; sequence: number; size: number }[] = [];

  packet(reader: number, bytes: Uint8Array, at: number, size: number): void {
    this.seen.push({ reader, sequence: bytes[at + 2] << 8 | bytes[at + 3], size });
  }
}

/** Frames of the publisher with a text answer and an RTCP packet in between. */
function wireBytes(frameCount: number): { bytes: Uint8Array; packets: { sequence: number; size: number }[] } {
  const frames = new H264Frames(frameShape(shape));
  const text = new TextEncoder().encode("RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n");
  const pieces: number[] = [];
  const packets: { sequence: number; size: number }[] = [];
  for (let i = 0; i < frameCount; i++) {
    const frame = frames.next(1000 * i);
    pieces.push(...frame.bytes, ...text, 0x24, 1, 0, 4, 0x80, 200, 0, 0);
    for (const packet of frame.packets) {
      packets.push({ sequence: packet[2] << 8 | packet[3], size: packet.length });
    }
  }
  return { bytes: Uint8Array.from(pieces), packets };
}

Deno.test("interleaved packets are found however the stream is cut, for several readers in turn", () => {
  const { bytes, packets } = wireBytes(4);
  const random = new Random(5);
  for (let round = 0; round < 100; round++) {
    const sink = new Recorder();
    const parser = new InterleavedParser(2, sink);
    const positions = [0, 0];
    const largest = random.pick([3, 40, 1300, 5000]);
    while (positions[0] < bytes.length || positions[1] < bytes.length) {
      const reader = random.int(2);
      const part = bytes.subarray(positions[reader], positions[reader] + 1 + random.int(largest));
      parser.area.set(part);
      ok(parser.parse(reader, part.length));
      positions[reader] += part.length;
    }
    for (const reader of [0, 1]) {
      const seen = sink.seen.filter((one) => one.reader === reader).map(({ sequence, size }) => ({
        sequence,
        size,
      }));
      equal(seen, packets);
    }
  }
});

Deno.test("bytes that are neither packets nor text end in a refusal", () => {
  const parser = new InterleavedParser(1, new Recorder());
  parser.area.fill(0x41, 0, 4000);
  equal(parser.parse(0, 4000), false);
});

const sequences: [string, number[], { lost: number; reordered: number; duplicate: number }][] = [
  ["in order, over the wrap", [65534, 65535, 0, 1], { lost: 0, reordered: 0, duplicate: 0 }],
  ["a gap", [10, 11, 15, 16], { lost: 3, reordered: 0, duplicate: 0 }],
  ["a gap over the wrap", [65533, 2], { lost: 4, reordered: 0, duplicate: 0 }],
  ["two packets exchanged", [10, 12, 11, 13], { lost: 0, reordered: 1, duplicate: 0 }],
  ["one packet twice", [10, 11, 11, 12], { lost: 0, reordered: 0, duplicate: 1 }],
  ["late, then once more", [10, 12, 11, 11], { lost: 0, reordered: 1, duplicate: 1 }],
];

for (const [name, numbers, expected] of sequences) {
  Deno.test(`continuity: ${name}`, () => {
    const columns = mapColumns(createColumns(1));
    const continuity = new Continuity(columns);
    for (const number of numbers) continuity.packet(0, number);
    const { lost, reordered, duplicate } = columns;
    equal({ lost: lost[0], reordered: reordered[0], duplicate: duplicate[0] }, expected);
    equal(columns.received[0], numbers.length);
  });
}

Deno.test("the meter counts frames, samples their delay and notices a missing one", () => {
  const columns = mapColumns(createColumns(1));
  const delays = new Histogram();
  const meter = new Meter(columns, delays, 1, () => 5000);
  meter.measuring = true;
  const frames = new H264Frames(frameShape(shape));
  for (let i = 0; i < 5; i++) {
    const { packets } = frames.next(1000);
    if (i !== 3) { for (const packet of packets) meter.packet(0, packet, 0, packet.length); }
  }
  equal([columns.frames[0], columns.frameGaps[0], columns.lost[0]], [4, 1, 7]);
  equal(delays.total, 4);
  ok(Math.abs(delays.quantile(0.5) - 4000) < 4000 * 0.03);
});

Deno.test("a frame is cut into FU-A fragments with one start, one end and one marker", () => {
  const { packets } = new H264Frames(frameShape(shape)).next(1);
  const [sets, ...fragments] = packets.map((packet) => packet.slice(0, 14));
  equal(sets[12] & 0x1f, 24);
  equal(fragments.length, 7);
  equal(fragments.map((header) => header[12] & 0x1f), Array(7).fill(28));
  equal(fragments.map((header) => header[13] >> 6), [2, 0, 0, 0, 0, 0, 1]);
  equal([sets, ...fragments].map((header) => header[1] >> 7), [0, 0, 0, 0, 0, 0, 0, 1]);
  equal(frameShape({ ...shape, bitsPerSecond: 8e6, packetsPerFrame: 28 }).packetsPerFrame, 28);
});

Deno.test("an answer is taken together with the media before it", () => {
  const media = [0x24, 0, 0, 3, 1, 2, 3];
  const text = new TextEncoder().encode(
    "RTSP/1.0 200 OK\r\nContent-Length: 2\r\nSession: a;timeout=5\r\n\r\nhi",
  );
  const bytes = Uint8Array.of(...media, ...text, 0x24);
  for (let size = 0; size < media.length + text.length; size++) {
    equal(takeAnswer(bytes.subarray(0, size), []), null);
  }
  const before: Uint8Array[] = [];
  const taken = takeAnswer(bytes, before);
  equal([taken?.answer.status, taken?.answer.body, taken?.size], [200, "hi", bytes.length - 1]);
  equal(before.map((piece) => [...piece]), [media]);
});

Deno.test("the control URL is the first video track's, relative or absolute", () => {
  const sdp =
    "v=0\r\na=control:*\r\nm=audio 0 RTP/AVP 0\r\na=control:t=0\r\nm=video 0 RTP/AVP 96\r\na=control:t=1\r\n";
  equal(firstVideoControl(sdp, "rtsp://h/p/"), "rtsp://h/p/t=1");
  equal(firstVideoControl(sdp.replace("t=1", "rtsp://o/x"), "rtsp://h/p"), "rtsp://o/x");
  throws(() => firstVideoControl("v=0\r\n", "rtsp://h/p"), /no track/);
});

Deno.test("readers that stand behind the front are counted, also over the wrap", () => {
  const columns = mapColumns(createColumns(4));
  columns.nextSequence.set([2, 65530, 2, 0]);
  columns.received.set([9, 9, 9, 0]);
  columns.state.fill(readerStates.playing);
  equal(laggards(columns), { readers: 2, packets: 9 });
});

Deno.test("conversations advance together and fail alone", () => {
  const steps: string[] = [];
  function* talk(name: string, fails: boolean) {
    steps.push(`${name}1`);
    yield;
    if (fails) throw new Error("no");
    steps.push(`${name}2`);
  }
  const errors = inLockstep([talk("a", false), talk("b", true), talk("c", false)]);
  equal(steps, ["a1", "b1", "c1", "a2", "c2"]);
  equal(errors.map((error) => error?.message ?? null), [null, "no", null]);
});

Deno.test("the process table: a command with spaces and parentheses", () => {
  const stat = "42 (a) (b c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 7 9 20 0 5 0 100 1000 20";
  equal(parseCpuTime(stat), { userSeconds: 2.5, systemSeconds: 0.5 });
  equal(parseResidentBytes("Name:\tx\nVmRSS:\t    1234 kB\nThreads:\t1\n"), 1234 * 1024);
});

Deno.test("options: quantities, times and mistakes", () => {
  const options = parseOptions(["--readers", "500", "--bitrate=2.5M", "--soak", "10m", "--pin"]);
  equal([options.readers, options.shape.bitsPerSecond, options.durationSeconds], [500, 2.5e6, 600]);
  equal([options.pin, options.memoryEverySeconds, options.sampleEvery], [true, 10, 10]);
  for (
    const bad of [["--reader", "5"], ["--readers", "x"], ["--bitrate", "0"], ["--duration", "5d"], ["x"], [
      "--url",
    ]]
  ) {
    throws(() => parseOptions(bad), Error);
  }
});
