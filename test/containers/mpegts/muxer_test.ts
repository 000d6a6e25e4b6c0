import { concat } from "../../../src/base/bytes.ts";
import { ParseError } from "../../../src/base/errors.ts";
import { isMuxable, maxMuxerTracks, MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { parsePacket, type TransportPacket } from "../../../src/containers/mpegts/wire/packet.ts";
import { parsePesHeader } from "../../../src/containers/mpegts/wire/pes_header.ts";
import { equal, fromHex, ok, throws } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import {
  announcementsOf,
  codecs,
  demux,
  errorsOf,
  muxable,
  randomUnits,
  unitsOf,
  writeAll,
} from "./media.ts";

function packetsOf(bytes: Uint8Array): TransportPacket[] {
  equal(bytes.length % 188, 0);
  return Array.from({ length: bytes.length / 188 }, (_, i) => parsePacket(bytes, i * 188));
}

/** The bytes behind the PES header of a single unit. */
function elementary(bytes: Uint8Array, pid = 256): Uint8Array {
  const parts = packetsOf(bytes).filter((packet) => packet.pid === pid && packet.payload !== null);
  const pes = concat(parts.map(({ payload }) => payload!));
  return pes.subarray(parsePesHeader(pes)!.size);
}

const video = { codec: codecs.H264 };
const audio = { codec: codecs["MPEG-4 Audio"] };
const delta = [fromHex("4101")];
const key = [fromHex("6742"), fromHex("68cc"), fromHex("6501")];

Deno.test("counters follow one another on each PID, and only packets with payload count", () => {
  const random = new Random(1);
  const tracks = muxable.map((name) => ({ codec: codecs[name] }));
  const bytes = writeAll(new MpegtsMuxer(tracks), randomUnits(random, tracks, 60, 0));
  const last = new Map<number, number>();
  let counted = 0;
  for (const { pid, payload, continuityCounter } of packetsOf(bytes)) {
    const before = last.get(pid);
    const expected = before === undefined ? 0 : payload === null ? before : before + 1 & 15;
    equal(continuityCounter, expected, `PID ${pid}`);
    last.set(pid, continuityCounter);
    counted++;
  }
  ok(counted > 1000);
  equal([...last.keys()].sort((a, b) => a - b), [0, ...tracks.map((_, i) => 256 + i), 0x1000]);
});

Deno.test("the clock is on the first video track, 100 ms behind, at least every 40 ms", () => {
  const muxer = new MpegtsMuxer([audio, video]);
  let last = -Infinity;
  for (let frame = 0; frame < 100; frame++) {
    const dts = 90_000 + frame * 3600;
    for (const packet of packetsOf(muxer.write(audio, [Uint8Array.of(1)], dts, dts, true))) {
      // Only before the clock's track has come.
      ok(packet.adaptation?.pcr === undefined || frame === 0);
    }
    const payload = frame % 25 === 0 ? key : delta;
    const packets = packetsOf(muxer.write(video, payload, dts + 7200, dts, frame % 25 === 0));
    const clocks = packets.filter(({ adaptation }) => adaptation?.pcr !== undefined);
    equal(clocks.map(({ pid, adaptation }) => [pid, adaptation!.pcr]), [
      [257, { base: dts - 9000, extension: 0 }],
    ]);
    ok(dts - last <= 3600 || last === -Infinity);
    last = dts;
  }
});

Deno.test("the clock goes on when its track is silent, and does not run back when that returns", () => {
  const muxer = new MpegtsMuxer([video, audio]);
  const clocks: number[] = [];
  const collect = (bytes: Uint8Array) => {
    for (const { pid, adaptation, payload } of packetsOf(bytes)) {
      if (adaptation?.pcr === undefined) continue;
      equal(pid, 256);
      clocks.push(adaptation.pcr.base);
      equal(adaptation.discontinuity, false);
      if (clocks.length > 1 && clocks.length < 5) equal(payload, null);
    }
  };
  collect(muxer.write(video, key, 90_000, 90_000, true));
  for (let dts = 90_000; dts < 360_000; dts += 1920) {
    collect(muxer.write(audio, [Uint8Array.of(1)], dts, dts, true));
  }
  // Two of three seconds, on every second frame.
  equal(clocks.length, 48);
  const before = clocks.length;
  collect(muxer.write(video, delta, 350_000, 350_000, false));
  collect(muxer.write(video, key, 351_000, 351_000, true));
  equal(clocks.length, before);
  collect(muxer.write(video, delta, 370_000, 370_000, false));
  equal(clocks.at(-1), 361_000);
  ok(clocks.every((clock, i) => i === 0 || clock > clocks[i - 1]));
});

Deno.test("a time line that begins anew is a discontinuity of the clock", () => {
  const muxer = new MpegtsMuxer([video]);
  muxer.write(video, key, 10_000_000, 10_000_000, true);
  const packets = packetsOf(muxer.write(video, delta, 90_000, 90_000, false));
  const [first] = packets.filter(({ pid }) => pid === 256);
  equal(first.adaptation, { discontinuity: true, randomAccess: false, pcr: { base: 81_000, extension: 0 } });
  equal(packets[0].pid, 0, "the tables are repeated");
});

Deno.test("tables come first, at key frames, every 200 ms and where a segment starts", () => {
  const muxer = new MpegtsMuxer([video]);
  const withTables: number[] = [];
  for (let frame = 0; frame < 30; frame++) {
    const isKey = frame === 0 || frame === 12;
    if (frame === 20) muxer.startSegment();
    const bytes = muxer.write(video, isKey ? key : delta, frame * 3600, frame * 3600, isKey);
    const pids = packetsOf(bytes).map(({ pid }) => pid);
    if (pids[0] === 0) {
      equal(pids.slice(0, 3), [0, 0x1000, 256]);
      withTables.push(frame);
    } else equal(pids, [256]);
  }
  equal(withTables, [0, 5, 10, 12, 17, 20, 25]);
});

Deno.test("a segment can be read alone", () => {
  for (const tracks of [[video, audio], [audio]]) {
    const muxer = new MpegtsMuxer(tracks);
    const units = randomUnits(new Random(2), tracks, 24, 0);
    const half = units.findIndex(({ dts }) => dts === 12 * 3600);
    writeAll(muxer, units.slice(0, half));
    muxer.startSegment();
    const segment = writeAll(muxer, units.slice(half));
    const packet = packetsOf(segment)[2];
    ok(packet.adaptation?.pcr !== undefined && packet.adaptation.randomAccess);
    const events = demux(segment);
    equal(errorsOf(events), []);
    equal(unitsOf(events).length, units.length - half);
  }
});

Deno.test("H.264: delimiter first, and the known parameter sets in front of key frames without them", () => {
  const track = { codec: { ...codecs.H264, sps: fromHex("6742"), pps: fromHex("68cc") } };
  const write = (payload: Uint8Array[], isKey: boolean) =>
    elementary(new MpegtsMuxer([track]).write(track, payload, 0, 0, isKey));
  const start = "00000001";
  equal(write([fromHex("6501")], true), fromHex(`${start}09f0${start}6742${start}68cc${start}6501`));
  equal(
    write([fromHex("68dd"), fromHex("6501")], true),
    fromHex(`${start}09f0${start}6742${start}68dd${start}6501`),
  );
  equal(write([fromHex("4101")], false), fromHex(`${start}09f0${start}4101`));
});

Deno.test("H.265: delimiter first, and the known parameter sets in front of key frames without them", () => {
  const sets = { vps: fromHex("4001aa"), sps: fromHex("4201bb"), pps: fromHex("4401cc") };
  const track = { codec: { ...codecs.H265, ...sets } };
  const bytes = new MpegtsMuxer([track]).write(track, [fromHex("2601dd")], 0, 0, true);
  const start = "00000001";
  equal(
    elementary(bytes),
    fromHex(`${start}460150${start}4001aa${start}4201bb${start}4401cc${start}2601dd`),
  );
});

Deno.test("MPEG-4 video: the known config in front of key frames without it", () => {
  const track = { codec: { ...codecs["MPEG-4 Video"], config: fromHex("000001b001") } };
  const write = (frame: string, isKey: boolean) =>
    elementary(new MpegtsMuxer([track]).write(track, [fromHex(frame)], 0, 0, isKey));
  equal(write("000001b610", true), fromHex("000001b001000001b610"));
  equal(write("000001b005000001b610", true), fromHex("000001b005000001b610"));
  equal(write("000001b650", false), fromHex("000001b650"));
});

Deno.test("parameters are read at each write", () => {
  const track: { codec: typeof codecs["MPEG-4 Audio"] | object } & typeof audio = { ...audio };
  const muxer = new MpegtsMuxer([track]);
  const first = muxer.write(track, [Uint8Array.of(1)], 0, 0, true);
  const config = { ...codecs["MPEG-4 Audio"].config, sampleRate: 44100 };
  Object.assign(track, { codec: { ...track.codec, config } });
  const second = muxer.write(track, [Uint8Array.of(1)], 1920, 1920, true);
  const events = demux(concat([first, second]));
  equal(events.map((event) => event.type), ["tracks", "unit", "codec", "unit"]);
});

Deno.test("units that cannot be expressed are refused and leave no trace", () => {
  const tracks = [audio, { codec: codecs.KLV }, { codec: codecs["MPEG-4 Audio LATM"] }];
  const [, klv, latm] = tracks;
  const clean = new MpegtsMuxer(tracks);
  const muxer = new MpegtsMuxer(tracks);
  const refused: readonly [object, Uint8Array[]][] = [
    [audio, []],
    [audio, [new Uint8Array(9000)]],
    [audio, Array.from({ length: 20 }, () => new Uint8Array(5000))],
    [klv, [new Uint8Array(66_000)]],
    [klv, [new Uint8Array(65_530)]],
    [latm, [fromHex("ff")]],
    [video, key],
  ];
  for (const [track, payload] of refused) {
    throws(() => muxer.write(track as typeof audio, payload, 0, 0, true), ParseError);
  }
  const unit = [Uint8Array.of(1)];
  equal(muxer.write(audio, unit, 0, 0, true), clean.write(audio, unit, 0, 0, true));
});

Deno.test("only codecs that transport streams have a place for, and not too many", () => {
  equal(muxable.every((name) => isMuxable(codecs[name])), true);
  const others = [
    { name: "AV1" },
    { name: "VP8" },
    { name: "G722" },
    { name: "M-JPEG" },
    { name: "Opus", channelCount: 9 },
  ] as const;
  for (const codec of others) {
    equal(isMuxable(codec), false, codec.name);
    throws(() => new MpegtsMuxer([{ codec }]), ParseError);
  }
  throws(() => new MpegtsMuxer([]), ParseError);
  throws(() => new MpegtsMuxer(Array.from({ length: maxMuxerTracks + 1 }, () => ({ ...audio }))), ParseError);
});

Deno.test("as many tracks as there may be: the PMT takes several packets", () => {
  const tracks = Array.from({ length: maxMuxerTracks }, () => ({ codec: codecs.KLV }));
  const units = randomUnits(new Random(1), tracks, 10, 0);
  const bytes = writeAll(new MpegtsMuxer(tracks), units);
  ok(packetsOf(bytes).filter(({ pid }) => pid === 0x1000).length > 5);
  const events = demux(bytes);
  equal(errorsOf(events), []);
  equal(announcementsOf(events)[0].tracks.length, maxMuxerTracks);
  equal(unitsOf(events).length, units.length);
});
