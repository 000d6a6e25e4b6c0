import { equal, ok, throws } from "../support/assert.ts";
import { Random } from "../support/random.ts";
import { Histogram } from "./histogram.ts";
import { Meter } from "./readers/meter.ts";
import { ChunkReader, headSize, type MessageSink } from "./readers/rtmp/chunk_reader.ts";
import {
  parseCommand,
  serializeAcknowledgement,
  serializeCommand,
  serializeMessage,
} from "./readers/rtmp/messages.ts";
import { splitPath } from "./readers/rtmp/session.ts";
import { frameStart, stampIn } from "./readers/rtmp/video_tag.ts";
import { createColumns, mapColumns } from "./shared.ts";
import { stampFrame, stampMicros, stampSize, writeStamp } from "./stamp.ts";
import { readUrl, resolveTarget } from "./target.ts";

interface Seen {
  readonly type: number;
  readonly timestamp: number;
  readonly length: number;
  readonly head: number[];
}

class Recorder implements MessageSink {
  readonly seen: Seen[] = [];

  message(type: number, timestamp: number, length: number, head: Uint8Array): void {
    this.seen.push({ type, timestamp, length, head: [...head.subarray(0, Math.min(length, headSize))] });
  }
}

const bytesOf = (size: number, seed: number) =>
  Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed) & 0xff);
const u24 = (value: number) => [value >> 16 & 0xff, value >> 8 & 0xff, value & 0xff];
const u32 = (value: number) => [value >>> 24, ...u24(value & 0xffffff)];

/** Chunks of two streams that take turns, with every header format, a changed chunk size and extended times. */
function conversation(): { bytes: Uint8Array; expected: Seen[] } {
  const audio = bytesOf(300, 1);
  const video = bytesOf(1000, 2);
  const expect = (type: number, timestamp: number, data: Uint8Array): Seen => ({
    type,
    timestamp,
    length: data.length,
    head: [...data.subarray(0, headSize)],
  });
  const bytes = [
    // video of 1000 bytes in chunks of 128; audio of 300 bytes in between
    ...[0x06, ...u24(100), ...u24(1000), 9, 1, 0, 0, 0, ...video.subarray(0, 128)],
    ...[0x04, ...u24(90), ...u24(300), 8, 1, 0, 0, 0, ...audio.subarray(0, 128)],
    ...[0xc6, ...video.subarray(128, 256)],
    ...[0xc4, ...audio.subarray(128, 256)],
    ...[0xc4, ...audio.subarray(256)],
    // set chunk size 4096 between two chunks of the video
    ...[0x02, ...u24(0), ...u24(4), 1, 0, 0, 0, 0, ...u32(4096)],
    ...[0xc6, ...video.subarray(256)],
    // format 1: difference, new length; format 2: difference only; format 3: the same difference again
    ...[0x44, ...u24(20), ...u24(5), 8, ...audio.subarray(0, 5)],
    ...[0x84, ...u24(21), ...audio.subarray(5, 10)],
    ...[0xc4, ...audio.subarray(10, 15)],
    // a two-byte and a three-byte chunk stream id
    ...[0x00, 10, ...u24(5), ...u24(2), 18, 0, 0, 0, 0, 1, 2],
    ...[0x01, 1, 2, ...u24(6), ...u24(0), 18, 0, 0, 0, 0],
    // an extended time, repeated in the chunk of format 3
    ...[0x06, ...u24(0xffffff), ...u24(5000), 9, 1, 0, 0, 0, ...u32(0x1000000)],
    ...bytesOf(4096, 3),
    ...[0xc6, ...u32(0x1000000), ...bytesOf(904, 4)],
  ];
  return {
    bytes: Uint8Array.from(bytes),
    expected: [
      expect(8, 90, audio),
      expect(9, 100, video),
      expect(8, 110, audio.subarray(0, 5)),
      expect(8, 131, audio.subarray(5, 10)),
      expect(8, 152, audio.subarray(10, 15)),
      expect(18, 5, Uint8Array.of(1, 2)),
      expect(18, 6, new Uint8Array(0)),
      { ...expect(9, 0x1000000, bytesOf(4096, 3)), length: 5000 },
    ],
  };
}

Deno.test("messages are found however the chunk stream is cut", () => {
  const { bytes, expected } = conversation();
  const random = new Random(11);
  for (let round = 0; round < 300; round++) {
    const sink = new Recorder();
    const reader = new ChunkReader(sink);
    const largest = round === 0 ? bytes.length : random.pick([1, 2, 5, 100, 2000]);
    for (let at = 0; at < bytes.length;) {
      const size = round === 0 ? bytes.length : Math.min(bytes.length - at, 1 + random.int(largest));
      reader.push(bytes, at, at + size);
      at += size;
    }
    equal(sink.seen, expected);
  }
});

const broken: [string, number[]][] = [
  ["a stream that begins without a full header", [0x44, 0, 0, 0, 0, 0, 1, 8, 1]],
  ["a continuation of nothing", [0xc6, 1, 2]],
  ["a message in the middle of another", [
    ...[0x04, 0, 0, 0, 0, 0, 200, 8, 0, 0, 0, 0, ...new Array(128).fill(0)],
    ...[0x04, 0, 0, 0, 0, 0, 200, 8, 0, 0, 0, 0],
  ]],
];

for (const [name, bytes] of broken) {
  Deno.test(`no chunk stream: ${name}`, () => {
    throws(() => new ChunkReader(new Recorder()).push(Uint8Array.from(bytes), 0, bytes.length), Error);
  });
}

Deno.test("commands go out in chunks of 128 bytes and come back the same", () => {
  const sink = new Recorder();
  const tcUrl = "rtmp://host/" + "a".repeat(200);
  const bytes = serializeCommand(0, "connect", 1, { app: "live", tcUrl, capabilities: 15 });
  new ChunkReader(sink).push(bytes, 0, bytes.length);
  equal(sink.seen.length, 1);
  equal(sink.seen[0].type, 20);
  equal(parseCommand(Uint8Array.from(sink.seen[0].head)).name, "connect");
  equal([...serializeAcknowledgement(0x01020304)], [2, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 1, 2, 3, 4]);
  equal(serializeMessage(3, 20, 1, new Uint8Array(129)).length, 12 + 129 + 1);
});

function payloadOf(command: Uint8Array): Uint8Array {
  const sink = new Recorder();
  new ChunkReader(sink).push(command, 0, command.length);
  return Uint8Array.from(sink.seen[0].head);
}

Deno.test("answers: the transaction, the new stream, the status code", () => {
  const created = parseCommand(payloadOf(serializeCommand(0, "_result", 2, null, 1)));
  equal([created.name, created.transaction, created.number], ["_result", 2, 1]);
  const status = payloadOf(
    serializeCommand(1, "onStatus", 0, null, { level: "status", code: "NetStream.Play.Start" }),
  );
  equal(parseCommand(status).code, "NetStream.Play.Start");
  // an array as some servers send it, and values cut anywhere
  const array = Uint8Array.from([...status.subarray(0, 21), 8, 0, 0, 0, 2, ...status.subarray(22)]);
  equal(status[21], 3);
  equal(parseCommand(array).code, "NetStream.Play.Start");
  for (let size = 0; size < status.length; size++) {
    ok(["", "onStatus"].includes(parseCommand(status.subarray(0, size)).name));
  }
});

const stamped = new Uint8Array(stampSize);
writeStamp(stamped, 0, 123_456, 77);
const slice = (name: number) => [...u32(1 + stampSize + 9), name, ...stamped, ...new Array(9).fill(0x80)];
const parameterSets = [...u32(4), 0x67, 1, 2, 3, ...u32(2), 0x68, 1];

const tags: [string, number[], number | null][] = [
  ["a slice", [0x27, 1, 0, 0, 0, ...slice(0x41)], 77],
  ["parameter sets before the slice", [0x17, 1, 0, 0, 0, ...parameterSets, ...slice(0x65)], 77],
  ["enhanced, with composition time", [0xa1, 0x61, 0x76, 0x63, 0x31, 0, 0, 0, ...slice(0x41)], 77],
  ["enhanced, without composition time", [0xa3, 0x61, 0x76, 0x63, 0x31, ...slice(0x41)], 77],
  ["somebody else's slice", [0x27, 1, 0, 0, 0, ...u32(40), ...new Array(40).fill(1)], -1],
  ["a sequence header", [0x17, 0, 0, 0, 0, ...stamped], null],
  ["an enhanced sequence header", [0x90, 0x61, 0x76, 0x63, 0x31, ...stamped], null],
];

for (const [name, bytes, frame] of tags) {
  Deno.test(`video tag: ${name}`, () => {
    const tag = Uint8Array.from(bytes);
    const start = frameStart(tag, tag.length);
    equal(start === 0, frame === null);
    if (frame === null) return;
    const at = stampIn(tag, start, tag.length);
    if (frame < 0) return equal(at, -1);
    equal([stampFrame(tag, at), stampMicros(tag, at)], [frame, 123_456]);
  });
}

Deno.test("frames: a gap, a repetition, the delay", () => {
  const columns = mapColumns(createColumns(1));
  const delays = new Histogram();
  const meter = new Meter(columns, delays, 1, () => 9000);
  meter.frame(0, 70_000, 1000);
  meter.measuring = true;
  for (const number of [70_001, 70_004, 70_004]) meter.frame(0, number, 4000);
  meter.foreignFrame(0);
  const { received, frames, lost, duplicate } = columns;
  equal([received[0], frames[0], lost[0], duplicate[0]], [5, 5, 2, 1]);
  equal(delays.total, 3);
  ok(Math.abs(delays.quantile(0.5) - 5000) < 5000 * 0.03);
});

Deno.test("where players find the stream", async () => {
  const target = await resolveTarget("rtmp://u:p%20w@127.0.0.1/live/cam?x=1", "rtmp");
  equal([target.port, target.ip, target.path], [1935, "127.0.0.1", "/live/cam?x=1"]);
  equal(splitPath(target), { app: "live", key: "cam?x=1&user=u&pass=p+w" });
  equal(splitPath(await resolveTarget("rtmp://127.0.0.1:80/bench", "rtmp")), { app: "bench", key: "" });
  equal((await resolveTarget("http://localhost:80/a", "http")).port, 80);
  equal(readUrl("rtsp://u:p@host:8554/a/b?c", "rtmp"), "rtmp://u:p@host:1935/a/b?c");
  equal(readUrl("rtsp://host/a", "http"), "http://host:8888/a");
  equal(readUrl("rtsp://host/a", "rtsp"), "rtsp://host/a");
});
