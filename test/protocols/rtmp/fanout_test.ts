import { silentLogger } from "../../../src/base/logger.ts";
import { parseAvcConfigurationRecord } from "../../../src/codecs/h264/configuration_record.ts";
import type { Codec, Mpeg4AudioCodec } from "../../../src/codecs/codec.ts";
import { ourChunkSize } from "../../../src/protocols/rtmp/engine/link.ts";
import { planTracks } from "../../../src/protocols/rtmp/fanout/plan.ts";
import { RtmpFanout } from "../../../src/protocols/rtmp/fanout/rtmp_fanout.ts";
import { ChunkReader } from "../../../src/protocols/rtmp/wire/chunk/reader.ts";
import { setChunkSize } from "../../../src/protocols/rtmp/wire/message/protocol_control.ts";
import { serializeMessages } from "../../../src/protocols/rtmp/wire/chunk/writer.ts";
import { maxRandomAccessWaitMs } from "../../../src/stream/random_access_wait.ts";
import { Sink } from "../../../src/stream/sink.ts";
import { Stream } from "../../../src/stream/stream.ts";
import { Unit } from "../../../src/stream/unit.ts";
import { equal, fromHex, hex, match, ok } from "../../support/assert.ts";
import { feed } from "./engine/support.ts";
import { avcConfig } from "./support/messages.ts";

const record = parseAvcConfigurationRecord(fromHex(avcConfig));
const h264: Codec = { name: "H264", packetizationMode: 1, sps: record.sps[0], pps: record.pps[0] };
const aac: Mpeg4AudioCodec = {
  name: "MPEG-4 Audio",
  config: {
    objectType: 2,
    sampleRate: 48000,
    channelCount: 2,
    frameLengthFlag: false,
    dependsOnCoreCoder: false,
    coreCoderDelay: 0,
  },
  sizeLength: 13,
  indexLength: 3,
  indexDeltaLength: 3,
  profileLevelId: 1,
};
const aac44: Codec = { ...aac, config: { ...aac.config, sampleRate: 44100 } };
const opus: Codec = { name: "Opus", channelCount: 2 };

function streamOf(...codecs: readonly (readonly [Codec, number])[]): Stream {
  return new Stream({
    medias: codecs.map(([codec, clockRate]) => ({
      kind: ["H264", "AV1", "VP9"].includes(codec.name) ? "video" : "audio",
      formats: [{ codec, payloadType: 96, clockRate }],
    })),
    logger: silentLogger,
    gopCache: true,
    maxRtpPayload: 1200,
  });
}

/** A reader whose connection takes everything, unless it is told to wait. */
class Taker {
  readonly writes: Uint8Array[] = [];
  #waiting: Promise<void> | null = null;
  readonly sink = new Sink(
    {
      tryWrite: (bytes) => {
        if (this.#waiting !== null) return 0;
        this.writes.push(bytes);
        return bytes.length;
      },
      write: async (bytes) => {
        await this.#waiting;
        this.writes.push(bytes);
      },
    },
    { maxBytes: 1e6, maxChunks: 2, maxAgeMs: 1000 },
    () => {},
    () => {},
    () => 0,
  );

  /** Takes nothing until the answer is called and awaited. */
  wait(): () => Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = promise;
    return () => {
      this.#waiting = null;
      resolve();
      return this.sink.drained;
    };
  }

  messages(length = 10): string[] {
    const reader = new ChunkReader();
    const found: string[] = [];
    const size = serializeMessages([setChunkSize(65536)], 128);
    for (const bytes of [size, ...this.writes]) {
      feed(reader, bytes, () => {
        for (let message = reader.next(); message !== null; message = reader.next()) {
          found.push(`${message.type} ${message.timestamp} ${hex(message.body).slice(0, length)}`);
        }
      });
    }
    return found;
  }
}

/** Messages with their lengths: of any size. */
function readSizes(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = view.getUint32(at + 3) % 2 ** 24;
    ok([8, 9, 18].includes(bytes[at + 7]), `a message of type ${bytes[at + 7]}`);
    found.push(`${bytes[at + 7]} ${view.getUint32(at) & 0xffffff} ${size}`);
    at += 12 + size + Math.max(0, Math.ceil(size / ourChunkSize) - 1);
  }
  return found;
}

const key = [fromHex("65888421")];
const inter = [fromHex("419a2144")];

Deno.test("RTMP fan-out: all readers get the same buffer", () => {
  const stream = streamOf([h264, 90000], [aac, 48000]);
  const [video, audio] = stream.tracks;
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const takers = [new Taker(), new Taker()];
  stream.write([Unit.fromPayload(video, 90000, 0, key)], 0);
  for (const taker of takers) fanout.add(taker.sink, stream.cachedUnits);
  stream.write([
    Unit.fromPayload(audio, 48480, 0, [fromHex("2110"), fromHex("2111")]),
    Unit.fromPayload(video, 93600, 0, inter),
  ], 40);
  // Greeting, cached units, then one write for all that came together.
  equal(takers.map(({ writes }) => writes.length), [3, 3]);
  ok(takers[0].writes[1] === takers[1].writes[1]);
  ok(takers[0].writes[2] === takers[1].writes[2]);
  equal(
    takers[0].messages(),
    [
      "18 0 02000d4073",
      "9 0 1700000000",
      "8 0 af001190",
      "9 0 1701000000",
      "8 10 af012110",
      "8 31 af012111",
      "9 40 2701000000",
    ],
  );
  equal(stream.stats.outboundFrames, 4);
});

Deno.test("RTMP fan-out: begins anew after it had no readers", () => {
  const stream = streamOf([h264, 90000]);
  const [video] = stream.tracks;
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const first = new Taker();
  const leave = fanout.add(first.sink, []);
  stream.write([Unit.fromPayload(video, 0, 0, inter)], 0);
  equal(first.writes.length, 0);
  leave();
  stream.write([Unit.fromPayload(video, 3600, 0, key), Unit.fromPayload(video, 7200, 0, inter)], 0);
  equal(first.writes.length, 0);
  const second = new Taker();
  fanout.add(second.sink, stream.cachedUnits);
  equal(second.messages().map((text) => text.split(" ")[0]), ["18", "9", "9", "9"]);
});

/** Of a fan-out with one reader: kind and time of what it gets after the greeting. */
function timesOf(stream: Stream, batches: readonly (readonly Unit[])[], greeting: number): string[] {
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const taker = new Taker();
  fanout.add(taker.sink, []);
  for (const batch of batches) stream.write(batch, 0);
  return taker.messages().slice(greeting).map((text) => text.split(" ").slice(0, 2).join(" "));
}

Deno.test("RTMP fan-out: times begin at 0 for the first reader, also after there was none", () => {
  const stream = streamOf([h264, 90000]);
  const [video] = stream.tracks;
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  for (const hours of [1, 2, 3]) {
    stream.write([Unit.fromPayload(video, hours * 3600 * 90000, 0, key)], 0);
    const taker = new Taker();
    const leave = fanout.add(taker.sink, stream.cachedUnits);
    stream.write([Unit.fromPayload(video, hours * 3600 * 90000 + 3600, 0, inter)], 0);
    equal(taker.messages().slice(2).map((text) => text.split(" ")[1]), ["0", "40"]);
    leave();
  }
});

Deno.test("RTMP fan-out: a publisher that begins its time anew, and one that leaps far ahead", () => {
  const stream = streamOf([h264, 90000], [aac, 48000]);
  const [video, audio] = stream.tracks;
  const at = (seconds: number) => [
    Unit.fromPayload(video, seconds * 90000, 0, key),
    Unit.fromPayload(audio, seconds * 48000, 0, [fromHex("2110")]),
  ];
  equal(timesOf(stream, [at(3600), at(3605), at(0), at(1)], 3), [
    ...["9 0", "8 0", "9 5000", "8 5000"],
    ...["9 5000", "8 5000", "9 6000", "8 6000"],
  ]);
  const far = streamOf([h264, 90000]);
  const leap = [0, 20_000].map((seconds) => Unit.fromPayload(far.tracks[0], seconds * 90000, 0, key));
  equal(timesOf(far, [leap], 2), ["9 0", "9 20000000"]);
});

Deno.test("RTMP fan-out: a slow reader gets the sequence headers of what it missed", async () => {
  const stream = streamOf([h264, 90000], [aac, 48000]);
  const [video, audio] = stream.tracks;
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const taker = new Taker();
  fanout.add(taker.sink, []);
  const write = (i: number, payload: readonly Uint8Array[]) => {
    stream.write([Unit.fromPayload(video, i * 3600, 0, payload)], 0);
  };
  write(0, key);
  const greeted = taker.writes.length;
  const goOn = taker.wait();
  write(1, inter);
  const sps = record.sps[0].slice();
  sps[sps.length - 1] ^= 1;
  write(2, [sps, record.pps[0], ...key]);
  audio.codec = { ...aac, config: { ...aac.config, channelCount: 1 } };
  stream.write([Unit.fromPayload(audio, 3 * 1920, 0, [fromHex("2110")])], 0);
  for (let i = 3; i < 6; i++) write(i, inter);
  equal(taker.sink.stats.unitsDiscarded, 5);
  await goOn();
  write(6, key);
  equal(taker.messages().slice(greeted + 2), [
    "9 40 2701000000",
    "9 80 1700000000",
    "8 120 af001188",
    "9 240 1701000000",
  ]);
});

Deno.test("RTMP fan-out: parameters that change within a batch count from their own key frame on", () => {
  const stream = streamOf([h264, 90000]);
  const [video] = stream.tracks;
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const taker = new Taker();
  fanout.add(taker.sink, []);
  const other = record.sps[0].slice();
  other[other.length - 1] ^= 1;
  const unit = (i: number, sps: Uint8Array) =>
    Unit.fromPayload(video, i * 3600, 0, [sps, record.pps[0], ...key]);
  stream.write([unit(0, record.sps[0])], 0);
  stream.write([unit(1, record.sps[0]), unit(2, other), unit(3, other)], 0);
  equal(
    taker.messages(4).slice(2).map((text) => text.slice(2)),
    ["0 1701", "40 1701", "80 1700", "80 1701", "120 1701"],
  );
});

Deno.test("RTMP fan-out: frames with the same time, or a little less, are not lost", () => {
  const stream = streamOf([{ name: "VP9" }, 90000]);
  const fanout = stream.fanout(
    "rtmp",
    () => new RtmpFanout(stream, planTracks(stream.tracks, new Set(["*"]))),
  );
  const taker = new Taker();
  fanout.add(taker.sink, []);
  const vp9 = ["824983420013f00ef600", "86004092", "86004092", "86004092", "86004092"];
  [0, 3600, 3600, 3240, 7200].forEach((pts, i) =>
    stream.write([Unit.fromPayload(stream.tracks[0], pts, 0, [fromHex(vp9[i])])], 0)
  );
  const times = taker.messages().slice(2).map((text) => text.split(" ")[1]);
  equal(times, ["0", "40", "40", "36", "80"]);
});

Deno.test("RTMP fan-out: audio gets the nearest millisecond", () => {
  const stream = streamOf([aac44, 44100]);
  const units = [0, 1, 2, 3].map((i) => Unit.fromPayload(stream.tracks[0], i * 1024, 0, [fromHex("2110")]));
  equal(timesOf(stream, [units], 2), ["8 0", "8 23", "8 46", "8 70"]);
});

Deno.test("RTMP fan-out: MPEG audio of layer II is left out, and told", () => {
  const stream = streamOf([{ name: "MPEG-1/2 Audio" }, 90000]);
  const [audio] = stream.tracks;
  const frames = ["fffd8404", "fffb9064", "00"].map((frame) =>
    Unit.fromPayload(audio, 0, 0, [fromHex(frame)])
  );
  equal(timesOf(stream, [frames], 1), ["8 0"]);
  equal(stream.stats.inboundFramesInError, 2);
});

Deno.test("RTMP fan-out: large frames hours after the start, in several chunks", () => {
  const stream = streamOf([h264, 90000]);
  const [video] = stream.tracks;
  const large = new Uint8Array(200_000).map((_, i) => i);
  large[0] = 0x65;
  const late = 5 * 3600;
  const units = [key, [large], inter].map((payload, i) =>
    Unit.fromPayload(video, i * late * 90000, 0, payload)
  );
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const taker = new Taker();
  fanout.add(taker.sink, []);
  for (const unit of units) stream.write([unit], 0);
  const [, , , body, last] = taker.messages(Infinity);
  equal(body, `9 ${late * 1000} 1701000000` + hex(Uint8Array.of(0, 3, 0x0d, 0x40)) + hex(large));
  match(last, new RegExp(`^9 ${2 * late * 1000} 2701`));
});

Deno.test("RTMP fan-out: a frame that is too large for a message is left out, and told; the reader goes on", () => {
  const stream = streamOf([h264, 90000], [aac, 48000]);
  const [video, audio] = stream.tracks;
  const told: string[] = [];
  video.reportError = (text) => told.push(text);
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const taker = new Taker();
  fanout.add(taker.sink, []);
  // In front of the frame stand five bytes of the message and its length.
  const most = new Uint8Array(2 ** 24 - 1 - 9);
  most[0] = 0x41;
  const tooMuch = new Uint8Array(most.length + 1);
  tooMuch[0] = 0x41;
  const frames = [key, [most], [tooMuch], inter];
  for (const [i, frame] of frames.entries()) {
    const units = [Unit.fromPayload(video, i * 3600, 0, frame), Unit.fromPayload(audio, i * 1920, 0, inter)];
    stream.write(units, 0);
  }
  equal(taker.writes.flatMap(readSizes).slice(3), [
    "9 0 13",
    "8 0 6",
    "9 40 16777215",
    "8 40 6",
    "8 80 6",
    "9 120 13",
    "8 120 6",
  ]);
  equal(told, ["a frame of 16777216 bytes is larger than a message of RTMP can be (16777215 bytes)"]);
});

Deno.test("RTMP plan: what old and new clients get", () => {
  const stream = streamOf([h264, 90000], [opus, 48000], [aac, 48000], [aac, 48000]);
  const forms = (fourCcs: string[]) =>
    planTracks(stream.tracks, new Set(fourCcs)).tracks.map(({ track, trackId, form }) =>
      `${track.id} ${trackId} ${form.kind === "enhanced" ? form.fourCc : form.kind}`
    );
  equal(forms([]), ["0 0 legacyVideo", "2 0 legacyAudio"]);
  equal(forms(["hvc1"]), ["0 0 legacyVideo", "2 0 legacyAudio", "3 1 mp4a"]);
  equal(forms(["Opus"]), ["0 0 legacyVideo", "1 0 Opus", "2 1 mp4a", "3 2 mp4a"]);
  equal(forms(["*"]), forms(["Opus"]));
  const skipped = planTracks(stream.tracks, new Set()).skipped.map(({ track }) => track.id);
  equal(skipped, [1, 3]);
});

Deno.test("RTMP fan-out: a reader gets the sound when no picture to begin with comes", () => {
  const stream = streamOf([h264, 90000], [aac, 48000]);
  const [video, audio] = stream.tracks;
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const taker = new Taker();
  fanout.add(taker.sink, []);
  const sound = (ms: number) => stream.write([Unit.fromPayload(audio, ms * 48, 0, [fromHex("2110")])], ms);
  sound(5000);
  sound(5000 + maxRandomAccessWaitMs - 1);
  equal(taker.writes.length, 0);
  sound(5000 + maxRandomAccessWaitMs);
  equal(taker.messages(), ["18 0 02000d4073", "9 10000 1700000000", "8 10000 af001190", "8 10000 af012110"]);
  const at = 6000 + maxRandomAccessWaitMs;
  stream.write([Unit.fromPayload(video, at * 90, 0, inter)], at);
  equal(taker.messages().slice(4), ["9 11000 2701000000"], "pictures that are refreshed bit by bit");
});
