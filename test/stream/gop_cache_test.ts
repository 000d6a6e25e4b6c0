import { GopCache } from "../../src/stream/gop_cache.ts";
import { Unit } from "../../src/stream/unit.ts";
import { parseRtpPacket, type RtpPacket } from "../../src/rtp/packet.ts";
import { type Track, tracksFromMedias } from "../../src/stream/track.ts";
import { equal } from "../support/assert.ts";
import { createTracks, medias, nal, packet } from "./support.ts";

function factory() {
  const { video, audio } = createTracks();
  let sequence = 0;
  const unit = (key: boolean, size = 10) =>
    Unit.fromPackets(video, 0, 0, [packet(sequence++ & 0xffff, 0, nal(key ? 5 : 1, size))]);
  const sound = () => Unit.fromPackets(audio, 0, 0, [packet(sequence++ & 0xffff, 0, nal(1), true, 97)]);
  return { unit, sound };
}

Deno.test("a cache keeps everything since the last key frame", () => {
  const { unit, sound } = factory();
  const cache = new GopCache();
  const units = [sound(), unit(false), unit(true), sound(), unit(false), unit(true), sound()];
  const sizes = units.map((one) => {
    cache.push(one, 0);
    return cache.units.length;
  });
  equal(sizes, [0, 0, 1, 2, 3, 1, 2]);
  equal(cache.units, units.slice(5));
  cache.clear();
  equal(cache.units, []);
});

Deno.test("a group that is too large is given up until the next key frame", () => {
  const { unit } = factory();
  const cache = new GopCache();
  cache.push(unit(true), 0);
  for (let i = 1; i < 4096; i++) cache.push(unit(false), 0);
  equal(cache.units.length, 4096);
  cache.push(unit(false), 0);
  cache.push(unit(false), 0);
  equal(cache.units.length, 0);
  cache.push(unit(true), 0);
  equal(cache.units.length, 1);
  for (let i = 0; i < 600; i++) cache.push(unit(false, 60_000), 0);
  equal(cache.units.length, 0, "36 MB");
});

Deno.test("units of a long group leave the memory that they share with others", () => {
  const { video } = createTracks();
  const shared = new Uint8Array(256 * 1024);
  let used = 0;
  const place = (one: RtpPacket): RtpPacket => {
    shared.set(one.bytes, used);
    const bytes = shared.subarray(used, used += one.bytes.length);
    return { ...one, bytes, payload: bytes.subarray(12) };
  };
  const cache = new GopCache();
  const isShared = (unit: Unit) => unit.packets.some(({ bytes }) => bytes.buffer === shared.buffer);
  const send = (second: number, key: boolean) => {
    const packets = [0, 1].map((i) => place(packet(2 * second + i, second, nal(key ? 5 : 1, 50), i === 1)));
    cache.push(Unit.fromPackets(video, second, second, packets), second * 1000);
  };
  // Groups of ordinary length are never copied.
  for (let second = 0; second < 60; second++) {
    send(second, second % 4 === 0);
    equal(cache.units.every(isShared), true);
  }
  for (let second = 60; second < 90; second++) {
    send(second, second === 60);
    // Somebody looks at the payload while it is new.
    equal(cache.units.at(-1)!.payload!.length, 2);
  }
  const settled = cache.units.map(isShared).indexOf(true);
  equal(settled >= 20, true);
  cache.units.forEach(({ packets, payload }, i) => {
    const expected = nal(i === 0 ? 5 : 1, 50);
    equal(payload, [expected, expected]);
    equal(packets.map(({ payload }) => payload), [expected, expected]);
    equal(packets.map(({ sequence }) => sequence), [120 + 2 * i, 121 + 2 * i]);
    equal(packets.map(({ bytes }) => parseRtpPacket(bytes).sequence), [120 + 2 * i, 121 + 2 * i]);
    if (i < settled) equal(payload!.some(({ buffer }) => buffer === shared.buffer), false);
  });
});

Deno.test("of several video tracks each begins with its last key frame", () => {
  const { video, audio } = createTracks();
  const [, second] = tracksFromMedias([medias[0], medias[0]], 1000);
  let sequence = 0;
  const make = (track: Track, key = false) => {
    const payload = packet(sequence++ & 0xffff, 0, nal(key ? 5 : 1), true, track.payloadType);
    return Unit.fromPackets(track, 0, 0, [payload]);
  };
  const cache = new GopCache();
  const push = (...units: Unit[]) => units.forEach((unit) => cache.push(unit, 0));
  const kept: Unit[] = [];
  push(make(second), make(audio));
  equal(cache.units, []);
  const [key1, sound1, delta1] = [make(video, true), make(audio), make(video)];
  push(key1, sound1, make(second), delta1);
  equal(cache.units, [key1, sound1, delta1], "no pictures of a track whose key frame has not come");
  const [key2, sound2, delta2] = [make(second, true), make(audio), make(second)];
  push(key2, sound2, delta2);
  equal(cache.units, [key1, sound1, delta1, key2, sound2, delta2]);
  const key3 = make(video, true);
  push(key3);
  equal(cache.units, [key2, sound2, delta2, key3], "sound before the first picture is not needed any more");
  const key4 = make(second, true);
  push(key4);
  equal(cache.units, [key3, key4]);
  for (let i = 0; i < 4094; i++) kept.push(make(video));
  push(...kept);
  equal(cache.units.length, 4096);
  push(make(second));
  equal(cache.units, [], "bounded for all tracks together");
  push(make(second), make(video), key3);
  equal(cache.units, [key3]);
});

Deno.test("a group that goes on beside others still leaves shared memory", () => {
  const { video } = createTracks();
  const [, second] = tracksFromMedias([medias[0], medias[0]], 1000);
  const cache = new GopCache();
  const buffers = new Set<ArrayBufferLike>();
  for (let at = 0; at < 60_000; at += 1000) {
    for (const track of [video, second]) {
      const key = at === 0 || track === second && at % 3000 === 0;
      const one = packet(at, at, nal(key ? 5 : 1));
      buffers.add(one.bytes.buffer);
      const unit = Unit.fromPackets(track, at, at, [one]);
      cache.push(unit, at);
    }
  }
  const old = cache.units.filter(({ pts }) => pts < 50_000);
  equal(old.length, 50);
  equal(old.some(({ packets }) => buffers.has(packets[0].bytes.buffer)), false);
  equal(cache.units.length, 63);
});
