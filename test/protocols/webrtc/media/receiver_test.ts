import { ntpFromMillis } from "../../../../src/base/time.ts";
import { concat } from "../../../../src/base/bytes.ts";
import type { Codec } from "../../../../src/codecs/codec.ts";
import { equal, hex, ok } from "../../../support/assert.ts";
import { h264, media, negotiated, opus, pps, sps, start } from "./support/media.ts";
import { rtp, TestPublisher, text } from "./support/test_publisher.ts";

const vp8: Codec = { name: "VP8" };
const ids = { mid: 1, rid: 2, repairedRid: 3, transportSequence: 5 };
const video = media("video", [negotiated(vp8, 96), negotiated(h264, 102)], { extensions: ids });
const audio = media("audio", [negotiated(opus, 111)], { extensions: ids });
const key = Uint8Array.of(0x65, 1, 2, 3);
const delta = Uint8Array.of(0x61, 1, 2, 3);

/** Picture `number` in one packet of the video section. */
function frame(number: number, payload = delta, more: { ssrc?: number; sequence?: number } = {}): Uint8Array {
  const { ssrc = 7, sequence = 1000 + number } = more;
  return rtp({ payloadType: 102, sequence, timestamp: number * 3000, ssrc }, payload);
}

function sound(number: number): Uint8Array {
  return rtp(
    { payloadType: 111, sequence: number, timestamp: number * 960, ssrc: 8 },
    Uint8Array.of(0xfc, number, 1),
  );
}

/** A publisher whose start is over. */
function started(): TestPublisher {
  const publisher = new TestPublisher([video]);
  publisher.send(frame(0, key));
  publisher.now += 30;
  publisher.send(frame(1));
  return publisher;
}

Deno.test("WebRTC receiver: sections that carry packets become tracks, each with the codec that came", () => {
  using publisher = new TestPublisher([video, audio]);
  publisher.send(
    frame(0, concat([Uint8Array.of(0x78, 0, sps.length), sps, Uint8Array.of(0, pps.length), pps])),
  );
  equal(publisher.tracks.length, 0);
  publisher.send(sound(0));
  equal(publisher.tracks.map(({ formats }) => [formats[0].codec.name, formats[0].payloadType]), [[
    "H264",
    102,
  ], ["Opus", 111]]);
});

Deno.test("WebRTC receiver: a section that stays silent is left out when the time is over", () => {
  using publisher = new TestPublisher([video, audio]);
  publisher.send(sound(0));
  publisher.wait(1900);
  equal(publisher.tracks.length, 0);
  publisher.wait(200);
  equal(publisher.tracks.map(({ kind }) => kind), ["audio"]);
  equal(publisher.errors, []);
});

Deno.test("WebRTC receiver: nothing comes", () => {
  using publisher = new TestPublisher([video, audio]);
  publisher.wait(5000);
  equal(publisher.errors.length, 1);
  equal(publisher.tracks.length, 0);
});

Deno.test("WebRTC receiver: what comes before the path has taken the publisher in is not lost", () => {
  using publisher = new TestPublisher([video], { attach: false });
  publisher.send(frame(0, key));
  publisher.now += 100;
  publisher.send(frame(1), frame(2));
  publisher.attach();
  equal(publisher.units.length, 3);
  ok(publisher.units[0].randomAccess);
  publisher.wait(500);
  // It has a key frame already.
  equal(publisher.take("pli"), []);
});

Deno.test("WebRTC receiver: without a key frame at the start one is asked for, again and again", () => {
  using publisher = new TestPublisher([video]);
  publisher.send(frame(0));
  publisher.now += 30;
  publisher.send(frame(1));
  publisher.wait(140);
  equal(publisher.take("pli").map(({ mediaSsrc }) => mediaSsrc), [7]);
  publisher.wait(1100);
  equal(publisher.take("pli").length, 2);
  publisher.send(frame(2, key));
  publisher.wait(3000);
  equal(publisher.take("pli").length, 0);
});

Deno.test("WebRTC receiver: readers of other protocols get a key frame every 2 s", () => {
  using publisher = new TestPublisher([video], { fanoutKey: "hls" });
  publisher.send(frame(0, key));
  publisher.now += 30;
  publisher.send(frame(1));
  publisher.wait(1900);
  equal(publisher.take("pli"), []);
  publisher.wait(200);
  equal(publisher.take("pli").length, 1);
});

Deno.test("WebRTC receiver: header extensions and padding are gone, probes leave no gap", () => {
  using publisher = started();
  const packet = (sequence: number, number: number, payload: Uint8Array) =>
    rtp({
      payloadType: 102,
      sequence,
      timestamp: number * 3000,
      ssrc: 7,
      extensions: { 1: text("video"), 5: Uint8Array.of(1, 2) },
    }, payload);
  const probe = packet(1002, 1, Uint8Array.of(0, 0, 0, 4));
  probe[0] |= 0x20;
  publisher.send(probe, packet(1003, 3, delta));
  const [packets] = publisher.units.slice(-1).map((unit) => unit.packets);
  equal(
    hex(packets[0].bytes),
    hex(rtp({ payloadType: 102, sequence: 1002, timestamp: 9000, ssrc: 7 }, delta)),
  );
});

Deno.test("WebRTC receiver: missing packets are asked for, at most ten times, and come in order", () => {
  using publisher = started();
  publisher.send(frame(4), frame(6));
  publisher.wait(20);
  equal(publisher.take("nack").map(({ sequences, mediaSsrc }) => [mediaSsrc, ...sequences]), [[
    7,
    1002,
    1003,
    1005,
  ]]);
  // One repeated as RTX, one as it was.
  const rtx = rtp(
    { payloadType: 103, sequence: 1, timestamp: 6000, ssrc: 9 },
    concat([Uint8Array.of(1002 >> 8, 1002 & 0xff), delta]),
  );
  publisher.send(rtx, frame(5));
  equal(publisher.units.map(({ pts }) => pts / 3000), [0, 1, 2]);
  publisher.wait(20);
  publisher.send(frame(3));
  equal(publisher.units.map(({ pts }) => pts / 3000), [0, 1, 2, 3, 4, 5, 6]);
  publisher.send(frame(8));
  publisher.wait(2000);
  const asked = publisher.take("nack");
  ok(asked.length >= 3 && asked.length <= 10, `${asked.length} requests`);
  publisher.send(frame(9));
  equal(publisher.units.map(({ pts }) => pts / 3000), [0, 1, 2, 3, 4, 5, 6, 8, 9]);
  equal(publisher.receiver.stats.inboundRTPPacketsLost, 1);
  // The picture is broken until the next key frame.
  equal(publisher.take("pli").length, 1);
});

Deno.test("WebRTC receiver: reports have loss, the last report and the time since then", () => {
  using publisher = started();
  const { seconds, fraction } = ntpFromMillis(start - 5000);
  publisher.sendRtcp({
    kind: "senderReport",
    ssrc: 7,
    ntpSeconds: seconds,
    ntpFraction: fraction,
    rtpTimestamp: 3000,
    packetCount: 2,
    octetCount: 8,
    reports: [],
  });
  publisher.wait(20);
  publisher.take("receiverReport");
  publisher.send(frame(4));
  publisher.wait(1000);
  const [block] = publisher.take("receiverReport").flatMap(({ reports }) => reports);
  equal(block.ssrc, 7);
  equal(block.highestSequence, 1004);
  equal(block.cumulativeLost, 2);
  equal(block.fractionLost, Math.floor(2 * 256 / 3));
  equal(block.lastSenderReport, (seconds << 16 | fraction >>> 16) >>> 0);
  equal(Math.round(block.delaySinceLastSenderReport / 65.536), 1020);
});

Deno.test("WebRTC receiver: sender reports keep tracks in step on our clock", () => {
  using publisher = new TestPublisher([video, audio]);
  publisher.send(frame(0, key), sound(0));
  publisher.now += 30;
  publisher.send(frame(1), sound(1));
  const report = (ssrc: number, millis: number, rtpTimestamp: number) => {
    const { seconds, fraction } = ntpFromMillis(millis);
    return {
      kind: "senderReport",
      ssrc,
      ntpSeconds: seconds,
      ntpFraction: fraction,
      rtpTimestamp,
      packetCount: 1,
      octetCount: 1,
      reports: [],
    } as const;
  };
  // On the publisher's clock, years ago, sound 1 was recorded 12 ms after picture 1.
  publisher.sendRtcp(report(7, 1_000_000, 3000));
  publisher.sendRtcp(report(8, 1_000_012, 960));
  publisher.now += 40;
  publisher.send(frame(2), sound(2));
  const [picture, packet] = publisher.units.slice(-2);
  // 33.3 ms and 20 ms later.
  equal(Math.round(packet.ntp - picture.ntp), Math.round(12 + 20 - 100 / 3));
  ok(Math.abs(picture.ntp - publisher.now) < 100, "not on our clock");
});

Deno.test("WebRTC receiver: feedback on every packet, several times a second", () => {
  const wide = media("video", [negotiated(h264, 102, { transportWide: true, remb: true })], {
    extensions: ids,
  });
  using publisher = new TestPublisher([wide]);
  for (let i = 0; i < 50; i++) {
    const extensions = { 5: Uint8Array.of(i >> 8, i) };
    publisher.send(
      rtp({ payloadType: 102, sequence: i, timestamp: i * 1800, ssrc: 7, extensions }, i === 0 ? key : delta),
    );
    publisher.wait(20);
  }
  const messages = publisher.rtcp;
  const feedback = messages.filter((message) => message.kind === "transportWide");
  ok(feedback.length >= 16 && feedback.length <= 21, `${feedback.length} messages`);
  equal(feedback.reduce((sum, { feedback: bytes }) => sum + (bytes[2] << 8 | bytes[3]), 0) >= 47, true);
  equal(messages.some(({ kind }) => kind === "remb"), false);
});

Deno.test("WebRTC receiver: where only REMB was agreed on, a generous rate is told", () => {
  using publisher = new TestPublisher([media("video", [negotiated(h264, 102, { remb: true })])]);
  publisher.send(frame(0, key));
  publisher.wait(1000);
  const [remb] = publisher.take("remb");
  ok(remb.bitrate > 10_000_000);
  equal(remb.ssrcs, [7]);
});

Deno.test("WebRTC receiver: replayed, forged and foreign packets change nothing", () => {
  using publisher = started();
  const { receiver } = publisher;
  const good = publisher.protect(frame(2));
  receiver.receive([good.slice()], publisher.now);
  const { inboundRTPPackets } = receiver.stats;
  receiver.receive([good.slice()], publisher.now);
  const forged = publisher.protect(frame(3));
  forged[20] ^= 1;
  receiver.receive([forged], publisher.now);
  receiver.receive([frame(4)], publisher.now);
  receiver.receive([new Uint8Array(0), Uint8Array.of(0x80), Uint8Array.of(0x80, 200, 0, 1)], publisher.now);
  equal(receiver.stats.inboundRTPPackets, inboundRTPPackets);
  equal(publisher.units.length, 3);
  // Authentic, but of no section.
  publisher.send(rtp({ payloadType: 50, sequence: 1, timestamp: 1, ssrc: 99 }, delta));
  equal(publisher.units.length, 3);
  ok(publisher.log.some((line) => line.includes("decode error")));
  publisher.send(frame(3));
  equal(publisher.units.length, 4);
});

Deno.test("WebRTC receiver: sections of the same types are told apart by their names", () => {
  const one = media("video", [negotiated(h264, 102)], { mid: "a", extensions: ids });
  const two = media("audio", [negotiated(opus, 102)], { mid: "b", extensions: ids });
  using publisher = new TestPublisher([one, two]);
  const packet = (ssrc: number, mid: string, payload: Uint8Array) =>
    rtp({ payloadType: 102, sequence: 1, timestamp: 0, ssrc, extensions: { 1: text(mid) } }, payload);
  publisher.send(packet(21, "b", Uint8Array.of(0xfc, 1, 1)), packet(22, "a", key));
  equal(publisher.tracks.map(({ kind }) => kind), ["video", "audio"]);
  publisher.now += 50;
  // The name is not repeated for ever.
  publisher.send(frame(1, delta, { ssrc: 22, sequence: 2 }));
  equal(publisher.units.map(({ track }) => track.kind), ["video", "video"]);
});

Deno.test("WebRTC receiver: a publisher that begins anew with another source goes on in time", () => {
  using publisher = started();
  for (let i = 2; i < 5; i++) {
    publisher.wait(20);
    publisher.now += 13;
    publisher.send(frame(i));
  }
  const again = (number: number) =>
    rtp(
      { payloadType: 102, sequence: 40_000 + number, timestamp: 0x8000_0000 + number * 3000, ssrc: 70 },
      key,
    );
  for (let i = 0; i < 4; i++) {
    publisher.wait(20);
    publisher.now += 13;
    publisher.send(again(i));
  }
  equal(publisher.units.length, 9);
  const steps = publisher.units.slice(1).map(({ pts }, i) => pts - publisher.units[i].pts);
  ok(steps.every((step) => step > 0 && step <= 5 * 3000), steps.join());
  const sequences = publisher.units.flatMap(({ packets }) => packets.map(({ sequence }) => sequence));
  equal(new Set(sequences.slice(1).map((sequence, i) => sequence - sequences[i])), new Set([1]));
});

Deno.test("WebRTC receiver: sender reports are read in the clock of the codec that came", () => {
  const pcmu = { name: "G711", muLaw: true, sampleRate: 8000, channelCount: 1 } as const;
  const section = media("audio", [negotiated(opus, 111), negotiated(pcmu, 0, { clockRate: 8000 })], {
    sources: [{ ssrc: 9, rtxSsrc: null }],
  });
  using publisher = new TestPublisher([section], { useAbsoluteTimestamp: true });
  const packet = (sequence: number, timestamp: number) =>
    rtp({ payloadType: 0, sequence, timestamp, ssrc: 9 }, new Uint8Array(160));
  publisher.send(packet(0, 0));
  const { seconds, fraction } = ntpFromMillis(start);
  publisher.sendRtcp({
    kind: "senderReport",
    ssrc: 9,
    ntpSeconds: seconds,
    ntpFraction: fraction,
    rtpTimestamp: 0,
    packetCount: 1,
    octetCount: 160,
    reports: [],
  });
  publisher.now += 1000;
  publisher.send(packet(1, 8000));
  equal(publisher.units.map(({ ntp }) => Math.round(ntp - start)), [0, 1000]);
});

Deno.test("WebRTC receiver: feedback goes on when the system's time is set back", () => {
  using publisher = started();
  publisher.wait(1500);
  publisher.take("receiverReport");
  publisher.now -= 3_600_000;
  publisher.send(frame(2));
  publisher.wait(500);
  equal(publisher.take("receiverReport").length, 1);
});

Deno.test("WebRTC receiver: a publisher that is muted is not asked all the time, but as soon as it is back", () => {
  using publisher = new TestPublisher([video], { fanoutKey: "hls" });
  publisher.send(frame(0, key));
  publisher.now += 30;
  publisher.send(frame(1));
  publisher.wait(20_000);
  publisher.take("pli");
  publisher.wait(60_000);
  equal(publisher.take("pli").length, 0);
  publisher.send(frame(2));
  publisher.wait(40);
  equal(publisher.take("pli").length, 1);
});

Deno.test("WebRTC receiver: a track that begins too late is left out, which is told once", () => {
  using publisher = new TestPublisher([video, audio]);
  publisher.send(sound(0));
  publisher.wait(2100);
  equal(publisher.tracks.map(({ kind }) => kind), ["audio"]);
  for (let i = 1; i < 100; i++) {
    publisher.send(sound(i), frame(i, key));
    publisher.wait(20);
  }
  equal(publisher.log, ["warn the video began too late and is left out"]);
  ok(publisher.units.length > 90 && publisher.units.every(({ track }) => track.kind === "audio"));
  // Nothing is kept of it, so nothing is said about it.
  equal(
    new Set(publisher.take("receiverReport").flatMap(({ reports }) => reports.map(({ ssrc }) => ssrc))),
    new Set([8]),
  );
});

Deno.test("WebRTC receiver: a key frame with a hole does not answer the request for one", () => {
  using publisher = started();
  publisher.wait(1000);
  publisher.take("pli");
  publisher.stream!.requestKeyFrame(publisher.now);
  equal(publisher.take("pli").length, 1);
  publisher.wait(60);
  // FU-A: the middle of three is lost.
  const part = (sequence: number, flags: number) =>
    rtp(
      { payloadType: 102, sequence, timestamp: 6000, ssrc: 7, marker: (flags & 0x40) !== 0 },
      Uint8Array.of(0x7c, flags | 5, 1, 2, 3),
    );
  publisher.send(part(1002, 0x80), part(1004, 0x40));
  for (let i = 3; i < 30; i++) {
    publisher.wait(20);
    publisher.send(frame(i, delta, { sequence: 1002 + i }));
  }
  publisher.take("pli");
  publisher.wait(1000);
  ok(publisher.take("pli").length > 0);
});

Deno.test("WebRTC receiver: a request asks for no more packets than fit into a datagram", () => {
  using publisher = started();
  for (let i = 2; i < 400 * 18; i++) if (i % 18 !== 0) publisher.send(frame(i));
  publisher.wait(40);
  const asked = publisher.take("nack").map(({ sequences }) => sequences.length);
  equal(asked.reduce((sum, count) => sum + count, 0), 399);
  ok(asked.every((count) => count <= 256), asked.join());
});
