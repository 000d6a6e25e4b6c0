import { concat } from "../../../src/base/bytes.ts";
import { serializeAudioMuxElement } from "../../../src/codecs/latm/audio_mux_element.ts";
import { streamMuxConfigFromAac } from "../../../src/codecs/latm/stream_mux_config.ts";
import { serializeAdtsHeader } from "../../../src/codecs/mpeg4audio/adts.ts";
import { skippedText } from "../../../src/containers/mpegts/demuxer_event.ts";
import { MpegtsDemuxer } from "../../../src/containers/mpegts/demuxer.ts";
import { maxHeldTicks } from "../../../src/containers/mpegts/program.ts";
import { maxSkippedSilently } from "../../../src/containers/mpegts/packet_splitter.ts";
import { serializeAudioSyncHeader } from "../../../src/containers/mpegts/wire/audio_sync_stream.ts";
import { registrationDescriptor } from "../../../src/containers/mpegts/wire/descriptor.ts";
import { equal, fromHex, match, ok } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import { HandMade, pmtPid } from "./hand_made.ts";
import { announcementsOf, codecs, demux, errorsOf, unitsOf } from "./media.ts";

const { config } = codecs["MPEG-4 Audio"];

function adts(size: number, seed: number, sampleRate = 48000): Uint8Array {
  return concat([serializeAdtsHeader({ ...config, sampleRate }, size), new Random(seed).bytes(size)]);
}

function withoutHeader(frame: Uint8Array): Uint8Array {
  return frame.subarray(7);
}

function h264(seed: number, size = 300): Uint8Array {
  const bytes = new Random(seed).bytes(size).map((byte) => byte | 4);
  return concat([fromHex("00000001 09f0 000001 65"), bytes]);
}

const video = 0x1b;
const audio = 0x0f;

Deno.test("audio frames that cross the borders of PES packets are joined, each with its own time", () => {
  const make = new HandMade();
  const frames = [adts(100, 1), adts(200, 2), adts(300, 3), adts(50, 4)];
  const all = concat(frames);
  const bytes = concat([
    make.tables({ 0x101: audio }),
    make.pes(0x101, all.subarray(0, 110), { pts: 90_000 }),
    make.pes(0x101, all.subarray(110, 116), {}),
    // The third frame is the first that begins here.
    make.pes(0x101, all.subarray(116, 400), { pts: 93_841 }),
    make.pes(0x101, all.subarray(400), { pts: 95_760 }),
  ]);
  const events = demux(bytes);
  equal(errorsOf(events), []);
  equal(unitsOf(events).map(({ pts, payload }) => [pts, payload]), [
    [90_000, [withoutHeader(frames[0])]],
    // 1024 samples later
    [91_920, [withoutHeader(frames[1])]],
    [93_841, [withoutHeader(frames[2])]],
    [95_760, [withoutHeader(frames[3])]],
  ]);
});

Deno.test("a frame that is cut off does not take from an aligned packet", () => {
  const make = new HandMade();
  const [first, second] = [adts(100, 1), adts(200, 2)];
  const events = demux(concat([
    make.tables({ 0x101: audio }),
    make.pes(0x101, first.subarray(0, 50), { pts: 0 }),
    make.pes(0x101, second, { pts: 1920 }, { aligned: true }),
  ]));
  equal(unitsOf(events).map(({ pts, payload }) => [pts, payload]), [[1920, [withoutHeader(second)]]]);
  equal(errorsOf(events), ["track 1: an audio frame is cut off"]);
});

Deno.test("the start of a frame is forgotten when the packet with its end is lost", () => {
  const make = new HandMade();
  const frames = [adts(100, 1), adts(100, 2), adts(100, 3)];
  const all = concat(frames);
  const packets = [
    make.pes(0x101, all.subarray(0, 150), { pts: 0 }),
    make.pes(0x101, all.subarray(150, 214), { pts: 3840 }),
    make.pes(0x101, all.subarray(214), { pts: 3840 }),
  ];
  const events = demux(concat([make.tables({ 0x101: audio }), packets[0], packets[2]]));
  equal(unitsOf(events).map(({ pts, payload }) => [pts, payload]), [
    [0, [withoutHeader(frames[0])]],
    [3840, [withoutHeader(frames[2])]],
  ]);
  equal(errorsOf(events), ["track 1 (MPEG-4 Audio): 1 packets are lost"]);
});

Deno.test("bytes between audio frames are left out", () => {
  const make = new HandMade();
  const [first, second] = [adts(100, 1), adts(200, 2)];
  const data = concat([first, fromHex("fff1 0000 1234"), second]);
  const events = demux(concat([make.tables({ 0x101: audio }), make.pes(0x101, data, { pts: 0 })]));
  equal(unitsOf(events).map(({ payload }) => payload), [[withoutHeader(first), withoutHeader(second)]]);
  equal(errorsOf(events), ["track 1 (MPEG-4 Audio): 6 bytes between audio frames are none"]);
});

Deno.test("another AAC config in the middle is told before its units", () => {
  const make = new HandMade();
  const [first, second] = [adts(10, 1), adts(10, 2, 44100)];
  const events = demux(concat([
    make.tables({ 0x101: audio }),
    make.pes(0x101, concat([first, second]), { pts: 0 }),
    make.pes(0x101, second, { pts: 5000 }),
  ]));
  // Both were in the first packet: the announcement tells the first.
  equal(events.map((event) => event.type), ["tracks", "unit", "codec", "unit", "unit"]);
  const change = events[2];
  ok(change.type === "codec" && change.codec.name === "MPEG-4 Audio");
  equal(change.codec.config.sampleRate, 44100);
  equal(unitsOf(events).map(({ pts }) => pts), [0, 1920, 5000]);
});

Deno.test("LATM elements are given out without their config, and wait for the first", () => {
  const make = new HandMade();
  const mux = streamMuxConfigFromAac(config);
  const unit = new Random(5).bytes(300);
  const loas = (element: Uint8Array) => concat([serializeAudioSyncHeader(element.length), element]);
  const withConfig = loas(serializeAudioMuxElement([unit], mux, true));
  const bare = serializeAudioMuxElement([unit], mux, false);
  // useSameStreamMux: one bit in front
  const same = new Uint8Array(bare.length + 1);
  bare.forEach((byte, i) => {
    same[i] |= byte >> 1;
    same[i + 1] |= byte << 7;
  });
  same[0] |= 0x80;
  const events = demux(concat([
    make.tables({ 0x101: 0x11 }),
    make.pes(0x101, loas(same), { pts: 0 }),
    make.pes(0x101, withConfig, { pts: 1920 }),
    make.pes(0x101, loas(same), { pts: 3840 }),
  ]));
  equal(errorsOf(events), []);
  equal(unitsOf(events).map(({ pts, payload }) => [pts, payload]), [[1920, [bare]], [3840, [bare]]]);
  equal(announcementsOf(events)[0].tracks[0].codec, codecs["MPEG-4 Audio LATM"]);
});

Deno.test("units wait until the codec of every track is known", () => {
  const make = new HandMade();
  const demuxer = new MpegtsDemuxer();
  demuxer.push(make.tables({ 0x101: video, 0x102: audio }));
  equal(demuxer.push(make.pes(0x101, h264(1), { pts: 0 }, { streamId: 0xe0 })), []);
  const events = demuxer.push(make.pes(0x102, adts(10, 1), { pts: 0 }));
  equal(events.map((event) => event.type), ["tracks", "unit", "unit"]);
});

Deno.test("a track without frames is skipped after a while", () => {
  const make = new HandMade();
  const parts = [make.tables({ 0x101: video, 0x102: audio })];
  for (let pts = 0; pts <= maxHeldTicks; pts += 45_000) {
    parts.push(make.pes(0x101, h264(1), { pts }, { streamId: 0xe0 }));
  }
  const demuxer = new MpegtsDemuxer();
  const last = parts.pop()!;
  equal(demuxer.push(concat(parts)), []);
  const events = demuxer.push(last);
  const [announced] = announcementsOf(events);
  equal(announced.tracks.map(({ number }) => number), [1]);
  equal(announced.skipped.map(skippedText), [
    "skipping track 2 (unsupported codec): no readable frame came",
  ]);
  equal(unitsOf(events).length, 7);
  equal(demuxer.push(make.pes(0x102, adts(10, 1), { pts: 0 })), []);
});

Deno.test("what is not carried is told by name, once", () => {
  const make = new HandMade();
  const dvb = (tag: number) => ({ tag, data: new Uint8Array(8) });
  const streams = [
    { pid: 0x101, streamType: 0x87, descriptors: [] },
    { pid: 0x102, streamType: 6, descriptors: [dvb(0x7a)] },
    { pid: 0x103, streamType: 6, descriptors: [dvb(0x59)] },
    { pid: 0x104, streamType: 6, descriptors: [] },
    { pid: 0x105, streamType: 0x86, descriptors: [] },
    { pid: 0x106, streamType: 0x99, descriptors: [] },
    { pid: 0x107, streamType: 0x15, descriptors: [dvb(0x27)] },
    { pid: 0x108, streamType: 6, descriptors: [registrationDescriptor("Opus")] },
    { pid: 0x109, streamType: 0x15, descriptors: [{ tag: 0x26, data: Uint8Array.of(1) }] },
    { pid: 0x10a, streamType: video, descriptors: [] },
    { pid: 0x10a, streamType: audio, descriptors: [] },
  ];
  const bytes = concat([make.pat(), make.pmt(streams)]);
  const repeated = concat([make.pat(), make.pmt(streams)]);
  const events = demux(concat([bytes, repeated, make.pes(0x101, new Uint8Array(10), { pts: 0 })]));
  equal(errorsOf(events), []);
  equal(announcementsOf(events).map(({ skipped }) => skipped.map(({ number, label }) => [number, label])), [[
    [1, "E-AC-3"],
    [2, "E-AC-3"],
    [3, "DVB subtitles"],
    [4, "private data"],
    [5, "SCTE-35"],
    [6, "stream type 0x99"],
    [7, "metadata"],
    [8, "Opus with an unusual channel mapping"],
    [9, "broken descriptors"],
    [11, "PID 266 is listed twice"],
  ]]);
  equal(announcementsOf(events)[0].tracks.map(({ number, codec }) => [number, codec.name]), [[10, "H264"]]);
});

Deno.test("when the program changes, tracks that go on are the same objects", () => {
  const make = new HandMade();
  const entry = (pid: number, streamType: number) => ({ pid, streamType, descriptors: [] });
  const frame = () => make.pes(0x101, h264(1), { pts: 0 }, { streamId: 0xe0 });
  const events = demux(concat([
    make.pat(),
    make.pmt([entry(0x101, video)]),
    frame(),
    // Not yet valid: changes nothing.
    make.pmt([entry(0x109, video)], 1, 1, pmtPid, false),
    frame(),
    make.pmt([entry(0x101, video), entry(0x102, audio)], 1),
    frame(),
    make.pes(0x102, adts(10, 1), { pts: 0 }),
    make.pmt([entry(0x101, video)], 2),
    frame(),
  ]));
  equal(errorsOf(events), []);
  const announced = announcementsOf(events);
  equal(announced.map(({ tracks }) => tracks.map(({ codec }) => codec.name)), [
    ["H264"],
    ["H264", "MPEG-4 Audio"],
    ["H264"],
  ]);
  ok(announced[0].tracks[0] === announced[1].tracks[0] && announced[0].tracks[0] === announced[2].tracks[0]);
  equal(unitsOf(events, 1).length, 4);
});

Deno.test("of several programs the first whose PMT comes is read, until the PAT drops it", () => {
  const make = new HandMade();
  const both = [{ number: 1, pmtPid: 0x100 }, { number: 2, pmtPid: 0x200 }];
  const events = demux(concat([
    make.pat(both),
    make.pmt([{ pid: 0x201, streamType: video, descriptors: [] }], 0, 2, 0x200),
    make.pmt([{ pid: 0x101, streamType: video, descriptors: [] }], 0, 1, 0x100),
    make.pes(0x101, h264(1), { pts: 0 }, { streamId: 0xe0 }),
    make.pes(0x201, h264(2), { pts: 0 }, { streamId: 0xe0 }),
    make.pat([both[0]], 1),
    make.pmt([{ pid: 0x101, streamType: video, descriptors: [] }], 0, 1, 0x100),
    make.pes(0x101, h264(3), { pts: 0 }, { streamId: 0xe0 }),
  ]));
  equal(errorsOf(events), ["of 2 programs, only number 2 is read"]);
  equal(unitsOf(events).map(({ track }) => track.pid), [0x201, 0x101]);
});

Deno.test("video in PES packets of which only the first has times is joined", () => {
  const make = new HandMade();
  const frames = [1, 2, 3, 4].map((seed) => h264(seed, 2000));
  const parts = frames.flatMap((frame, i) => [
    make.pes(0x101, frame.subarray(0, 1000), { pts: i * 3600 }, { streamId: 0xe0 }),
    make.pes(0x101, frame.subarray(1000), {}, { streamId: 0xe0 }),
  ]);
  const events = demux(concat([make.tables({ 0x101: video }), ...parts]));
  // The first shows that it is so.
  equal(unitsOf(events).slice(1).map(({ pts, payload }) => [pts, payload[0]]), [
    [3600, frames[1].subarray(9)],
    [7200, frames[2].subarray(9)],
    [10800, frames[3].subarray(9)],
  ]);
  equal(errorsOf(events).length, 1);
  match(errorsOf(events)[0], /without PTS/);
});

Deno.test("H.264 without access unit delimiter keeps all its units; DTS above PTS is lowered", () => {
  const make = new HandMade();
  const data = fromHex("00000001 67aabb 00000001 68cc 000001 6501");
  const bytes = make.pes(0x101, data, { pts: 1000, dts: 2000 }, { streamId: 0xe0 });
  const events = demux(concat([make.tables({ 0x101: video }), bytes]));
  equal(
    unitsOf(events).map(({ payload, pts, dts, randomAccess }) => ({ payload, pts, dts, randomAccess })),
    [{
      payload: [fromHex("67aabb"), fromHex("68cc"), fromHex("6501")],
      pts: 1000,
      dts: 1000,
      randomAccess: true,
    }],
  );
});

Deno.test("a scrambled track is told once", () => {
  const make = new HandMade();
  const packets = [1, 2, 3].map((seed) => make.pes(0x101, h264(seed, 50), { pts: 0 }, { streamId: 0xe0 }));
  for (const packet of packets) packet[3] |= 0x80;
  const events = demux(concat([make.tables({ 0x101: video }), ...packets]));
  equal(errorsOf(events), ["track 1 (H264): is scrambled"]);
  equal(unitsOf(events), []);
});

Deno.test("packets are found when the stream begins anywhere", () => {
  const make = new HandMade();
  const frames = [1, 2, 3, 4, 5].map((seed) => make.pes(0x101, h264(seed), { pts: 0 }, { streamId: 0xe0 }));
  const bytes = concat([
    Uint8Array.of(0),
    new Uint8Array(99).fill(0x47),
    make.tables({ 0x101: video }),
    ...frames,
  ]);
  const events = demux(bytes, new Random(1), 30);
  equal(unitsOf(events).length, 5);
  equal(errorsOf(events), ["synchronization was lost: 100 bytes are skipped"]);
});

Deno.test("a table with a wrong CRC is not believed", () => {
  const make = new HandMade();
  const events = demux(concat([
    make.pat(),
    damaged(make.pmt([{ pid: 0x105, streamType: video, descriptors: [] }])),
    make.pmt([{ pid: 0x101, streamType: video, descriptors: [] }]),
    make.pes(0x101, h264(1), { pts: 0 }, { streamId: 0xe0 }),
  ]));
  equal(unitsOf(events).length, 1);
  equal(errorsOf(events).length, 1);
  match(errorsOf(events)[0], /^PMT: CRC_32/);
});

function damaged(packet: Uint8Array): Uint8Array {
  packet[20] ^= 1;
  return packet;
}

Deno.test("a frame in more pieces than any encoder makes is given up", () => {
  const make = new HandMade();
  const piece = make.pes(0x101, Uint8Array.of(1), {}, { streamId: 0xe0 });
  const bytes = [make.tables({ 0x101: video }), make.pes(0x101, h264(1), { pts: 0 }), piece];
  bytes.push(make.pes(0x101, h264(2), { pts: 3600 }));
  for (let i = 0; i < 5000; i++) bytes.push(make.pes(0x101, Uint8Array.of(1), {}, { streamId: 0xe0 }));
  bytes.push(make.pes(0x101, h264(3), { pts: 7200 }));
  const events = demux(concat(bytes));
  equal(unitsOf(events).map(({ pts }) => pts), [0, 7200]);
  ok(errorsOf(events).some((text) => /a frame has more than \d+ pieces/.test(text)));
});

Deno.test("what never becomes a transport stream is told, too", () => {
  const events = demux(new Uint8Array(3 * maxSkippedSilently).fill(1));
  ok(errorsOf(events).length >= 2);
  match(errorsOf(events)[0], /^synchronization was lost: \d+ bytes are skipped$/);
});

Deno.test("units of a track that goes before it was announced go with it", () => {
  const make = new HandMade();
  const entry = (pid: number, streamType: number) => ({ pid, streamType, descriptors: [] });
  const frame = (pid: number) => make.pes(pid, h264(1), { pts: 0 }, { streamId: 0xe0 });
  const events = demux(concat([
    make.pat(),
    make.pmt([entry(0x101, video), entry(0x102, audio)]),
    frame(0x101),
    frame(0x101),
    make.pmt([entry(0x103, video)], 1),
    frame(0x103),
  ]));
  const [announced, ...more] = announcementsOf(events);
  equal([announced.tracks.map(({ pid }) => pid), more.length], [[0x103], 0]);
  equal(unitsOf(events).map(({ track }) => track.pid), [0x103]);
});
