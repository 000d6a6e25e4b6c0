import { millisFromNtp } from "../../src/base/time.ts";
import { SenderStats } from "../../src/rtp/sender_report.ts";
import { RtpStreamWriter } from "../../src/rtp/stream_writer.ts";
import { equal, ok } from "../support/assert.ts";

const fragments = [
  { parts: [new Uint8Array(100)], marker: false },
  { parts: [new Uint8Array(20), new Uint8Array(3)], marker: true },
];

Deno.test("reports count packets and payload bytes and carry time on", () => {
  const stats = new SenderStats(90000);
  equal(stats.buildReport(0), null);
  equal(stats.snapshot(), null);
  const writer = new RtpStreamWriter({
    payloadType: 96,
    ssrc: 5,
    sequence: 65535,
    timestampOffset: 0xffffffff,
  });
  const ntp = 1_700_000_000_000;
  stats.add(writer.write(fragments, 0), ntp, 1000);
  stats.add(writer.write(fragments, 3600), ntp + 40, 1040);
  const report = stats.buildReport(1540);
  // half a second after the second unit
  ok(Math.abs(millisFromNtp(report?.ntpSeconds ?? 0, report?.ntpFraction ?? 0) - (ntp + 540)) < 0.01);
  equal([report?.ssrc, report?.rtpTimestamp, report?.packetCount, report?.octetCount], [
    5,
    3599 + 45000,
    4,
    246,
  ]);
  equal(stats.snapshot(), {
    sent: 4,
    octets: 246,
    reportedLost: 0,
    lastSequence: 2,
    lastTimestamp: 3599,
    lastNtp: ntp + 40,
  });
});

Deno.test("units out of time order count, but do not move the clock", () => {
  const stats = new SenderStats(90000);
  const writer = new RtpStreamWriter({ payloadType: 96, ssrc: 5, sequence: 0, timestampOffset: 0 });
  stats.add(writer.write(fragments, 9000), 100_000, 0);
  stats.add(writer.write(fragments, 3000), 99_933, 10, false);
  const report = stats.buildReport(100);
  equal([report?.rtpTimestamp, report?.packetCount], [18000, 4]);
  equal(stats.snapshot()?.lastSequence, 3);
});

Deno.test("what the receiver calls lost, of this stream only", () => {
  const stats = new SenderStats(8000);
  const writer = new RtpStreamWriter({ payloadType: 0, ssrc: 5 });
  stats.add(writer.write(fragments, 0), 0, 0);
  const block = {
    ssrc: 5,
    fractionLost: 0,
    cumulativeLost: 12,
    highestSequence: 0,
    jitter: 0,
    lastSenderReport: 0,
    delaySinceLastSenderReport: 0,
  };
  stats.addReport(block);
  stats.addReport({ ...block, ssrc: 6, cumulativeLost: 100 });
  equal(stats.snapshot()?.reportedLost, 12);
  stats.addReport({ ...block, cumulativeLost: -1 });
  equal(stats.snapshot()?.reportedLost, 0);
});
