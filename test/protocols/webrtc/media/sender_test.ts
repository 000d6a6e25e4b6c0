import { concat } from "../../../../src/base/bytes.ts";
import { maxPayloadSize } from "../../../../src/protocols/webrtc/media/sender/fragments.ts";
import { buildRtpPacket, type RtpPacket } from "../../../../src/rtp/packet.ts";
import { depacketizeH264 } from "../../../../src/rtp/payload/h264/depacketize.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal, hex, ok } from "../../../support/assert.ts";
import {
  audioMedia,
  createStream,
  h264,
  media,
  negotiated,
  opus,
  picture,
  pps,
  sps,
  start,
  videoMedia,
} from "./support/media.ts";
import { TestReader } from "./support/test_reader.ts";

const video = [media("video", [negotiated(h264, 102)], { trackId: 0 })];
const both = [...video, media("audio", [negotiated(opus, 111)], { trackId: 1 })];

/** Differences from one number to the next. */
function steps(sequences: readonly number[]): number[] {
  return sequences.slice(1).map((sequence, i) => (sequence - sequences[i]) & 0xffff);
}

/** As a camera sends it, with a header extension and a number of its own. */
function received(payload: Uint8Array, sequence: number, timestamp: number, marker = true): RtpPacket {
  return buildRtpPacket({ payloadType: 96, sequence, timestamp, ssrc: 77, marker }, [payload]);
}

Deno.test("WebRTC fanout: a unit is one batch of even packets for each reader", () => {
  const { stream } = createStream([videoMedia]);
  using one = new TestReader(stream, video);
  using two = new TestReader(stream, [media("video", [negotiated(h264, 120)], { trackId: 0 })]);
  const unit = picture(stream.tracks[0], 0, { key: true, size: 9000 });
  stream.write([unit], start);
  stream.write([picture(stream.tracks[0], 1, { size: 9000 })], start + 33);
  for (const reader of [one, two]) {
    equal(reader.batches.length, 2);
    const { sizes } = reader.batches[1];
    // Segmentation offload takes equal packets and one shorter at the end.
    ok(sizes.slice(0, -1).every((size) => size === sizes[0]) && sizes.at(-1)! <= sizes[0], sizes.join());
    equal(new Set(steps(reader.sequences)), new Set([1]));
    ok(reader.packets.every(({ payload }) => payload.length <= maxPayloadSize));
    ok(reader.packets[0].sequence < 0x8000, "numbers begin in the lower half");
    equal(depacketizeH264(reader.packets.slice(0, reader.batches[0].sizes.length)).payload, unit.payload);
  }
  equal(one.packets.map(({ payload }) => hex(payload)), two.packets.map(({ payload }) => hex(payload)));
  equal(new Set(one.packets.map(({ payloadType }) => payloadType)), new Set([102]));
  equal(new Set(two.packets.map(({ payloadType }) => payloadType)), new Set([120]));
  equal(one.packets[0].ssrc, two.packets[0].ssrc);
  equal(stream.stats.outboundFrames, 4);
});

Deno.test("WebRTC fanout: packets that fit are passed on, larger ones are made anew", () => {
  const { stream } = createStream([videoMedia]);
  const [track] = stream.tracks;
  using reader = new TestReader(stream, video);
  const key = concat([Uint8Array.of(0x65), new Uint8Array(1000).fill(1)]);
  const small = [received(sps, 10, 0, false), received(pps, 11, 0, false), received(key, 12, 0)];
  stream.write([Unit.fromPackets(track, 0, start, small)], start);
  equal(reader.packets.map(({ payload }) => hex(payload)), [sps, pps, key].map((bytes) => hex(bytes)));
  const large = concat([Uint8Array.of(0x61), new Uint8Array(1400).fill(1)]);
  stream.write([Unit.fromPackets(track, 3000, start, [received(large, 13, 3000)])], start + 33);
  equal(reader.packets.length, 5);
  equal(depacketizeH264(reader.packets.slice(3)).payload, [large]);
  equal(reader.packets.map(({ marker }) => marker), [false, false, true, false, true]);
});

Deno.test("WebRTC fanout: losses of the publisher stay visible, what is left out does not show", () => {
  const { stream } = createStream([videoMedia]);
  const [track] = stream.tracks;
  using reader = new TestReader(stream, video);
  stream.write([picture(track, 0, { key: true, size: 100 })], start);
  const send = (sequence: number, number: number, payload = Uint8Array.of(0x61, number, 1)) =>
    stream.write([
      Unit.fromPackets(track, number * 3000, start, [received(payload, sequence, number * 3000)]),
    ], start);
  send(100, 1);
  send(101, 2);
  send(104, 3);
  // Only a probe for bandwidth.
  send(105, 4, new Uint8Array(0));
  send(106, 5);
  send(9000, 6);
  equal(steps(reader.sequences).slice(-5), [1, 1, 3, 1, 1]);
});

Deno.test("WebRTC fanout: parameter sets go in front of key frames that come without them", () => {
  const codec = { ...h264, sps, pps };
  const { stream } = createStream([{
    kind: "video",
    formats: [{ codec, payloadType: 96, clockRate: 90000 }],
  }]);
  const [track] = stream.tracks;
  using reader = new TestReader(stream, video);
  const key = Uint8Array.of(0x65, 1, 2, 3);
  stream.write([Unit.fromPayload(track, 0, start, [key])], start);
  stream.write([Unit.fromPackets(track, 3000, start, [received(key, 1, 3000)])], start);
  const [first, ...second] = reader.packets;
  equal(depacketizeH264([first]).payload, [sps, pps, key]);
  equal(depacketizeH264(second).payload, [sps, pps, key]);
  equal(second.map(({ marker }) => marker), [false, true]);
});

Deno.test("WebRTC fanout: without a cache a reader waits for a key frame, which the publisher is asked for", () => {
  const { stream } = createStream([videoMedia, audioMedia]);
  const asked: number[] = [];
  stream.onKeyFrameRequest((now) => void asked.push(now - start));
  stream.write([picture(stream.tracks[0], 0, { key: true })], start);
  using reader = new TestReader(stream, both, start + 10);
  equal(asked, [10]);
  const audio = Unit.fromPayload(stream.tracks[1], 0, start, [Uint8Array.of(0xfc, 1, 2)]);
  stream.write([picture(stream.tracks[0], 1), audio], start + 33);
  equal(reader.packets.map(({ payloadType }) => payloadType), [111]);
  equal(reader.reader.stats.outboundFramesDiscarded, 1);
  for (let ms = 20; ms <= 2500; ms += 20) reader.reader.tick(start + ms);
  equal(asked, [10, 1020, 2020]);
  stream.write([picture(stream.tracks[0], 2, { key: true, size: 100 })], start + 2600);
  equal(reader.packets.map(({ payloadType }) => payloadType), [111, 102]);
  for (let ms = 2600; ms <= 5000; ms += 20) reader.reader.tick(start + ms);
  equal(asked.length, 3);
});

Deno.test("WebRTC fanout: the cached group of pictures comes first, in portions, with times right before the present", () => {
  const { stream } = createStream([videoMedia, audioMedia], { gopCache: true });
  const [track] = stream.tracks;
  for (let i = 0; i < 60; i++) {
    stream.write([picture(track, i, { key: i === 0, size: 5000 })], start + i * 33);
  }
  const asked: number[] = [];
  stream.onKeyFrameRequest((now) => void asked.push(now));
  const joined = start + 60 * 33;
  using reader = new TestReader(stream, both, joined);
  const atOnce = reader.packets.length;
  ok(atOnce >= 60 && atOnce < 120, `${atOnce} packets at once`);
  stream.write([picture(track, 60)], joined);
  equal(reader.packets.length, atOnce);
  for (let ms = 20; ms < 500; ms += 20) reader.reader.tick(joined + ms);
  stream.write([picture(track, 61)], joined + 500);
  equal(new Set(steps(reader.sequences)), new Set([1]));
  const times = [...new Set(reader.packets.map(({ timestamp }) => timestamp))];
  equal(times.length, 62);
  const gaps = times.slice(1).map((time, i) => (time - times[i]) >>> 0);
  equal(gaps, [...new Array(59).fill(90), 3000, 3000]);
  equal(asked, []);
  // What is asked for again is what was sent.
  const lost = reader.packets[100];
  reader.nack([lost.sequence], joined + 600);
  equal(hex(reader.packets.at(-1)!.payload.subarray(2)), hex(lost.payload));
  equal(reader.packets.at(-1)!.timestamp, lost.timestamp);
});

Deno.test("WebRTC fanout: numbers go on when they wrap, for late joiners too", () => {
  const { stream } = createStream([audioMedia]);
  const medias = [media("audio", [negotiated(opus, 111)], { trackId: 0 })];
  const [track] = stream.tracks;
  using early = new TestReader(stream, medias);
  // Losses make the numbers grow faster than packets do.
  const step = 100;
  const send = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const packet = received(Uint8Array.of(0xfc, i >> 8, i), i * step & 0xffff, i * 960);
      stream.write([Unit.fromPackets(track, i * 960, start, [packet])], start + i * 20);
    }
  };
  send(0, 1000);
  using late = new TestReader(stream, medias, start + 1000 * 20);
  send(1000, 2500);
  equal(early.packets.length, 2500);
  equal(late.packets.length, 1500);
  equal([early.refused, late.refused], [[], []]);
  equal(new Set(steps(early.sequences)), new Set([step]));
  equal(new Set(steps(late.sequences)), new Set([step]));
  ok(early.sequences.filter((sequence) => sequence < step).length >= 3, "the numbers have not wrapped");
});

const bPictures = [
  { number: 0, key: true },
  { number: 3 },
  { number: 1, reference: false },
  { number: 2, reference: false },
  { number: 6 },
];

Deno.test("WebRTC fanout: B-frames that nobody needs are left out, with one warning", () => {
  const { stream, lines } = createStream([videoMedia]);
  using reader = new TestReader(stream, video);
  for (const { number, ...options } of bPictures) {
    stream.write([picture(stream.tracks[0], number, { ...options, size: 100 })], start);
  }
  equal(new Set(steps(reader.sequences)), new Set([1]));
  equal(reader.packets.filter(({ marker }) => marker).length, 3);
  equal(reader.reader.stats.outboundFramesDiscarded, 2);
  equal(reader.errors, []);
  equal(
    [...lines, ...reader.log].filter((line) => line.startsWith("warn") && line.includes("B-frames")).length,
    1,
  );
});

Deno.test("WebRTC fanout: B-frames that others refer to end the reader with a reason", () => {
  const { stream } = createStream([videoMedia]);
  using reader = new TestReader(stream, video);
  for (const { number, key } of bPictures) stream.write([picture(stream.tracks[0], number, { key })], start);
  equal(reader.errors.length, 1);
  ok(reader.errors[0].includes("B-frames"), reader.errors[0]);
  equal(reader.fanout.size, 0);
});

Deno.test("WebRTC fanout: KLV goes to the data channel", () => {
  const klv = { name: "KLV" } as const;
  const { stream } = createStream([
    videoMedia,
    { kind: "application", formats: [{ codec: klv, payloadType: 98, clockRate: 90000 }] },
  ]);
  using reader = new TestReader(stream, video);
  const item = Uint8Array.of(6, 0x0e, 0x2b, 0x34, 1);
  stream.write([Unit.fromPayload(stream.tracks[1], 0, start, [item])], start);
  equal(reader.data, [item]);
  equal(reader.packets, []);
});

Deno.test("WebRTC fanout: a reader that was left behind for long goes on with the next number", () => {
  const { stream } = createStream([videoMedia], { gopCache: true });
  const [track] = stream.tracks;
  const burst = 10;
  for (let i = 0; i < burst; i++) stream.write([picture(track, i, { key: i === 0, size: 20_000 })], start);
  using reader = new TestReader(stream, video);
  const large = picture(track, 1, { size: 1_150_000 }).payload!;
  const packetsOf = (pictures: number) => pictures * 969;
  for (let i = 1; i <= 60; i++) {
    // Without a tick nothing of what waits goes out: after nine pictures too much does.
    stream.write([Unit.fromPayload(track, (burst + i) * 3000, start + i, large)], start + i);
  }
  ok(packetsOf(60 - 9) > 0x8000, "numbers are left out for more than half of their range");
  const before = reader.packets.length;
  stream.write([picture(track, burst + 61, { key: true })], start + 61);
  stream.write([picture(track, burst + 62)], start + 62);
  equal(reader.refused, []);
  ok(reader.packets.length > before);
  const gaps = steps(reader.sequences);
  equal(new Set(gaps.slice(before)), new Set([1]));
  ok(gaps[before - 1] < 0x4000, `a step of ${gaps[before - 1]}`);
});

Deno.test("WebRTC fanout: what waits is sent off although more comes in than one portion", () => {
  const { stream } = createStream([videoMedia], { gopCache: true });
  const [track] = stream.tracks;
  const burst = 10;
  for (let i = 0; i < burst; i++) stream.write([picture(track, i, { key: i === 0, size: 120_000 })], start);
  using reader = new TestReader(stream, video);
  const { payload } = picture(track, 1, { size: 150_000 });
  // 60 Mbit/s.
  for (let i = 1; i <= 50; i++) {
    stream.write([Unit.fromPayload(track, (burst + i) * 3000, start + i * 20, payload!)], start + i * 20);
    reader.reader.tick(start + i * 20);
  }
  const { length } = reader.packets;
  stream.write([Unit.fromPayload(track, (burst + 51) * 3000, start + 1020, payload!)], start + 1020);
  // Each fragment begins with two bytes of its own.
  equal(reader.packets.length, length + Math.ceil(150_000 / (maxPayloadSize - 2)));
  equal(reader.reader.stats.outboundFramesDiscarded, 0);
});

for (const gopCache of [false, true]) {
  Deno.test(`WebRTC fanout: no reader begins at a key frame with a hole (cache: ${gopCache})`, () => {
    const { stream } = createStream([videoMedia], { gopCache });
    const [track] = stream.tracks;
    const write = (sequences: readonly number[], timestamp: number) =>
      stream.write([
        Unit.fromPackets(
          track,
          timestamp,
          start,
          sequences.map((sequence, i) => {
            const flags = i === 0 ? 0x80 : i === sequences.length - 1 ? 0x40 : 0;
            return received(Uint8Array.of(0x7c, flags | 5, 1, 2), sequence, timestamp, (flags & 0x40) !== 0);
          }),
        ),
      ], start);
    if (gopCache) write([10, 12], 0);
    using reader = new TestReader(stream, video);
    if (!gopCache) write([10, 12], 0);
    equal(reader.packets.length, 0);
    write([13, 14, 15], 3000);
    equal(reader.packets.length, 3);
  });
}
