import type { SenderReport } from "../../../../src/rtp/rtcp/sender_report.ts";
import { equal, hex, ok } from "../../../support/assert.ts";
import {
  audioMedia,
  createStream,
  h264,
  media,
  negotiated,
  opus,
  picture,
  start,
  videoMedia,
} from "./support/media.ts";
import { TestReader } from "./support/test_reader.ts";
import { Unit } from "../../../../src/stream/unit.ts";

/** The pictures are `lateMs` old when they come. */
function reading(rtx: boolean, pictures = 5, lateMs = 0) {
  const { stream } = createStream([videoMedia]);
  const codec = negotiated(h264, 102, rtx ? {} : { rtxPayloadType: null });
  const reader = new TestReader(stream, [media("video", [codec], { trackId: 0 })]);
  for (let i = 0; i < pictures; i++) {
    stream.write([picture(stream.tracks[0], i, { key: i === 0 })], start + lateMs + i * 33);
  }
  return { stream, reader, sent: reader.packets.length };
}

Deno.test("WebRTC repetition: bit by bit the same without RTX", () => {
  const { reader, sent } = reading(false);
  using _ = reader;
  const sequence = reader.packets[7].sequence;
  reader.nack([sequence], start + 200);
  equal(reader.wire.length, sent + 1);
  equal(hex(reader.wire[sent]), hex(reader.wire[7]));
  // Its receiver has it already.
  equal(reader.refused, ["replayed"]);
});

Deno.test("WebRTC repetition: in a stream of its own with RTX", () => {
  const { reader, sent } = reading(true);
  using _ = reader;
  const lost = [reader.packets[3], reader.packets[9]];
  reader.nack(lost.map(({ sequence }) => sequence), start + 200);
  equal(reader.batches.length, 6);
  const repeated = reader.packets.slice(sent);
  repeated.forEach((packet, i) => {
    equal(packet.ssrc, reader.fanout.trackSender(0).rtxSsrc);
    equal(packet.payloadType, 103);
    equal(packet.timestamp, lost[i].timestamp);
    equal(packet.marker, lost[i].marker);
    equal(packet.payload[0] << 8 | packet.payload[1], lost[i].sequence);
    equal(hex(packet.payload.subarray(2)), hex(lost[i].payload));
  });
  equal(repeated[1].sequence - repeated[0].sequence, 1);
});

Deno.test("WebRTC repetition: not again before it can have arrived, and not what was never sent", () => {
  const { reader, sent } = reading(true);
  using _ = reader;
  const { sequence } = reader.packets[3];
  for (let i = 0; i < 10; i++) reader.nack([sequence, sequence], start + 200 + i);
  equal(reader.packets.length, sent + 1);
  reader.nack([sequence], start + 300);
  equal(reader.packets.length, sent + 2);
  reader.nack(
    [sequence + 1000 & 0xffff, sequence - 1000 & 0xffff, reader.packets[sent - 1].sequence + 1],
    start + 400,
  );
  equal(reader.packets.length, sent + 2);
});

Deno.test("WebRTC repetition: a reader that asks for everything gets a share", () => {
  const { reader, sent } = reading(true, 120);
  using _ = reader;
  let asked = 0;
  for (let ms = 0; ms < 1000; ms += 20) {
    const sequences = reader.sequences.slice(sent - 500, sent);
    asked += sequences.length;
    for (let i = 0; i < sequences.length; i += 100) {
      reader.nack(sequences.slice(i, i + 100), start + 5000 + ms);
    }
  }
  const repeated = reader.packets.length - sent;
  ok(asked === 25_000 && repeated > 100 && repeated < 800, `${repeated} of ${asked}`);
});

Deno.test("WebRTC repetition: what has left the ring is not sent", () => {
  const { reader, sent } = reading(true, 300);
  using _ = reader;
  ok(sent > 1200);
  reader.nack([reader.packets[0].sequence], start + 20_000);
  equal(reader.packets.length, sent);
  reader.nack([reader.packets[sent - 1000].sequence], start + 20_000);
  equal(reader.packets.length, sent + 1);
});

Deno.test("WebRTC reports: each second, all tracks with one name and in step", () => {
  const { stream } = createStream([videoMedia, audioMedia]);
  const medias = [
    media("video", [negotiated(h264, 102)], { trackId: 0 }),
    media("audio", [negotiated(opus, 111)], { trackId: 1 }),
  ];
  using reader = new TestReader(stream, medias);
  const units = [
    picture(stream.tracks[0], 0, { key: true, size: 100 }),
    Unit.fromPayload(stream.tracks[1], 0, start, [Uint8Array.of(0xfc, 1, 2)]),
  ];
  stream.write(units, start);
  for (let ms = 0; ms < 2500; ms += 20) reader.reader.tick(start + ms);
  const reports = reader.rtcp.filter((message) => message.kind === "senderReport");
  equal(reports.length, 6);
  const [first, second] = reports.slice(2, 4);
  equal([first.ntpSeconds, first.ntpFraction], [second.ntpSeconds, second.ntpFraction]);
  equal([first.packetCount, second.packetCount], [1, 1]);
  equal([first.octetCount, second.octetCount], [reader.packets[0].payload.length, 3]);
  equal((first.rtpTimestamp - reader.packets[0].timestamp) >>> 0, 90_000);
  equal((second.rtpTimestamp - reader.packets[1].timestamp) >>> 0, 48_000);
  const names = reader.rtcp.filter((message) => message.kind === "sourceDescription").flatMap(({ chunks }) =>
    chunks
  );
  equal(new Set(names.map(({ cname }) => cname)), new Set([reader.fanout.cname]));
  equal(reader.reader.stats.outboundRTCPPackets, 3);
});

Deno.test("WebRTC reports: a reader's report tells the round trip and the loss", () => {
  const { reader } = reading(true, 5, 2000);
  using _ = reader;
  // The stream's time is not the time at which the report is sent: pictures may come in bursts.
  const sentAt = start + 3000;
  reader.reader.tick(sentAt);
  const sent = reader.rtcp.findLast(({ kind }) => kind === "senderReport") as SenderReport;
  const block = {
    ssrc: reader.fanout.trackSender(0).ssrc,
    fractionLost: 10,
    cumulativeLost: 4,
    highestSequence: 1,
    jitter: 0,
    lastSenderReport: (sent.ntpSeconds << 16 | sent.ntpFraction >>> 16) >>> 0,
    delaySinceLastSenderReport: Math.round(0.4 * 65536),
  };
  reader.send([{ kind: "receiverReport", ssrc: 1, reports: [block] }], sentAt + 480);
  equal(Math.round(reader.reader.stats.roundTripMs!), 80);
  equal(reader.reader.stats.packetsReportedLost, 4);
});

Deno.test("WebRTC reader: requests for key frames reach the publisher once in 300 ms", () => {
  const { stream, reader } = reading(true);
  using _ = reader;
  const asked: number[] = [];
  stream.onKeyFrameRequest((now) => void asked.push(now - start));
  for (let ms = 1000; ms < 2000; ms += 50) {
    const fir = { kind: "fir", senderSsrc: 1, mediaSsrc: 0, entries: [{ ssrc: 1, sequence: 1 }] } as const;
    reader.send(ms % 100 === 0 ? [{ kind: "pli", senderSsrc: 1, mediaSsrc: 1 }] : [fir], start + ms);
  }
  equal(asked, [1000, 1300, 1600, 1900]);
});

/** When the publisher is asked, in ms; `asks` tells when the reader does. */
function askedFor(lastMs: number, asks: (ms: number) => boolean, keyFrameMs?: number): number[] {
  const { stream, reader } = reading(true);
  using _ = reader;
  const asked: number[] = [];
  stream.onKeyFrameRequest((now) => void asked.push(now - start));
  for (let ms = 1000; ms < lastMs; ms += 20) {
    if (ms === keyFrameMs) stream.write([picture(stream.tracks[0], 90, { key: true })], start + ms);
    if (asks(ms)) reader.send([{ kind: "pli", senderSsrc: 1, mediaSsrc: 1 }], start + ms);
    reader.reader.tick(start + ms);
  }
  return asked;
}

Deno.test("WebRTC reader: one that asks for key frames all the time is slowed down", () => {
  const asked = askedFor(31_000, () => true);
  equal(asked.slice(0, 5), [1000, 1300, 1600, 1900, 2200]);
  const gaps = asked.slice(5).map((ms, i) => ms - asked[4 + i]);
  ok(gaps.slice(1).every((gap) => gap >= 2000 && gap <= 2100), gaps.join());
  ok(asked.length >= 18 && asked.length <= 20, asked.join());
});

Deno.test("WebRTC reader: who asks rarely is heard at once, and a wish is kept until it is fulfilled", () => {
  equal(askedFor(31_000, (ms) => ms % 5000 === 0), [5000, 10_000, 15_000, 20_000, 25_000, 30_000]);
  equal(askedFor(2000, (ms) => ms === 1000 || ms === 1200), [1000, 1300]);
  equal(askedFor(2000, (ms) => ms === 1000 || ms === 1200, 1240), [1000]);
});

Deno.test("WebRTC reports: they go on when the system's time is set back", () => {
  const { reader, stream } = reading(true);
  using _ = reader;
  reader.reader.tick(start + 1000);
  reader.rtcp.length = 0;
  const hourBefore = start - 3_600_000;
  reader.reader.tick(hourBefore);
  equal(reader.rtcp.filter(({ kind }) => kind === "senderReport").length, 1);
  const asked: number[] = [];
  stream.onKeyFrameRequest((now) => void asked.push(now - start));
  stream.requestKeyFrame(start + 2000);
  stream.requestKeyFrame(hourBefore);
  equal(asked, [2000, -3_600_000]);
});

Deno.test("WebRTC repetition: the first group is forgotten before its numbers come again", () => {
  const { stream } = createStream([videoMedia], { gopCache: true });
  const [track] = stream.tracks;
  for (let i = 0; i < 3; i++) stream.write([picture(track, i, { key: i === 0 })], start);
  using reader = new TestReader(stream, [
    media("video", [negotiated(h264, 102, { rtxPayloadType: null })], { trackId: 0 }),
  ]);
  const { sequence } = reader.packets[0];
  const large = picture(track, 1, { size: 1_150_000 }).payload!;
  for (let i = 3; i < 45; i++) {
    stream.write([Unit.fromPayload(track, i * 3000, start + i, large)], start + i);
    reader.reader.tick(start + i);
  }
  const { length } = reader.packets;
  ok(length > 0x8000 && length < 0x10000);
  // Its number is nearer ahead than behind: SRTP would take it for one of the next round.
  reader.nack([sequence], start + 60);
  equal(reader.packets.length, length);
  equal(reader.refused, []);
});
