import { Unit } from "../../src/stream/unit.ts";
import { equal, ok } from "../support/assert.ts";
import { createTracks, maxRtpPayload, nal, packet } from "./support.ts";

Deno.test("a unit of packets derives its payload once", () => {
  const { video } = createTracks();
  const packets = [packet(1, 0, nal(7), false), packet(2, 0, nal(5))];
  const unit = Unit.fromPackets(video, 0, 5, packets);
  equal([unit.hasPackets, unit.size, unit.randomAccess], [true, 44, true]);
  equal(unit.packets, packets);
  equal(unit.payload?.map((part) => part[0] & 0x1f), [7, 5]);
  equal(unit.payload === unit.payload, true);
});

Deno.test("a unit of payload derives its packets once, numbered in the order of asking", () => {
  const { video } = createTracks();
  const first = Unit.fromPayload(video, 3000, 0, [nal(1, 2500)]);
  const second = Unit.fromPayload(video, 6000, 0, [nal(5)]);
  equal([first.hasPackets, first.size, first.randomAccess, second.randomAccess], [false, 2500, false, true]);
  const [later] = second.packets;
  const packets = first.packets;
  equal(first.packets === packets, true);
  equal(packets.length, 3);
  ok(packets.every(({ payload }) => payload.length <= maxRtpPayload));
  equal(packets[0].sequence, later.sequence + 1 & 0xffff);
  equal(later.timestamp - packets[0].timestamp >>> 0, 3000);
  equal(first.size, packets.reduce((sum, { bytes }) => sum + bytes.length, 0));
});

Deno.test("what cannot be used gives no payload, and its faults are told once", () => {
  const { video } = createTracks();
  const errors: string[] = [];
  video.reportError = (text) => errors.push(text);
  const middle = Uint8Array.of(0x7c, 0x05, 1, 2, 3);
  const unit = Unit.fromPackets(video, 0, 0, [packet(1, 0, middle)]);
  equal([unit.payload, unit.payload], [null, null]);
  equal(errors.length, 1);
});

Deno.test("audio can be decoded from every unit on", () => {
  const { audio } = createTracks();
  equal(Unit.fromPackets(audio, 0, 0, [packet(1, 0, Uint8Array.of(1), true, 97)]).randomAccess, true);
});

Deno.test("packets that are made go on where the publisher's numbers stood", () => {
  const { video } = createTracks();
  video.continueFrom(65535, 10, 100);
  const packets = Unit.fromPayload(video, 190, 0, [nal(1, 1500)]).packets;
  equal(packets.map(({ sequence, timestamp }) => [sequence, timestamp]), [[65535, 100], [0, 100]]);
});
