import { buildRtpPacket, type RtpPacket } from "../../src/rtp/packet.ts";
import { ReceptionStats } from "../../src/rtp/reception.ts";
import type { SenderReport } from "../../src/rtp/rtcp/sender_report.ts";
import { ntpFromMillis } from "../../src/base/time.ts";
import { equal, ok } from "../support/assert.ts";

function packet(sequence: number, timestamp = 0, ssrc = 7): RtpPacket {
  return buildRtpPacket(
    { payloadType: 96, sequence: sequence & 0xffff, timestamp: timestamp >>> 0, ssrc, marker: false },
    [],
  );
}

function stats(): ReceptionStats {
  return new ReceptionStats({ localSsrc: 99, clockRate: 90000 });
}

function senderReport(ntp: number, rtpTimestamp: number, ssrc = 7): SenderReport {
  const { seconds, fraction } = ntpFromMillis(ntp);
  return {
    kind: "senderReport",
    ssrc,
    ntpSeconds: seconds,
    ntpFraction: fraction,
    rtpTimestamp,
    packetCount: 0,
    octetCount: 0,
    reports: [],
  };
}

Deno.test("nothing to report before the first packet", () => {
  const reception = stats();
  equal(reception.buildReport(0), null);
  equal(reception.ssrc, null);
  equal(reception.ntpAt(0), null);
  equal(reception.snapshot().received, 0);
});

Deno.test("absolute time goes on when only one sender report has come, however long ago", () => {
  const reception = stats();
  reception.add(packet(1), 0);
  reception.addSenderReport(senderReport(1_700_000_000_000, 1000), 0);
  for (let hour = 0; hour <= 48; hour++) {
    const ntp = reception.ntpAt((1000 + hour * 3600 * 90_000) >>> 0)!;
    equal(Math.round(ntp), 1_700_000_000_000 + hour * 3_600_000);
  }
});

Deno.test("losses, cumulative and as a fraction of the interval, across the wraparound", () => {
  const reception = stats();
  for (const sequence of [65530, 65531, 65533, 65534, 65535, 0, 2, 3]) reception.add(packet(sequence), 0);
  const first = reception.buildReport(0)?.reports[0];
  equal(first, {
    ssrc: 7,
    // 2 of 10
    fractionLost: 51,
    cumulativeLost: 2,
    highestSequence: 0x10003,
    jitter: 0,
    lastSenderReport: 0,
    delaySinceLastSenderReport: 0,
  });
  for (const sequence of [4, 5, 6, 7]) reception.add(packet(sequence), 0);
  const second = reception.buildReport(0)?.reports[0];
  equal([second?.fractionLost, second?.cumulativeLost], [0, 2]);
  equal(reception.buildReport(0)?.reports[0].fractionLost, 0);
  equal(reception.snapshot().lost, 2);
});

Deno.test("late packets heal a loss, duplicates make it negative", () => {
  const reception = stats();
  for (const sequence of [1, 2, 4, 3]) reception.add(packet(sequence), 0);
  equal(reception.buildReport(0)?.reports[0].cumulativeLost, 0);
  reception.add(packet(4), 0);
  const block = reception.buildReport(0)?.reports[0];
  equal([block?.cumulativeLost, block?.fractionLost], [-1, 0]);
  equal(reception.snapshot().lost, 0);
});

Deno.test("a stray changes nothing, two in a row start anew", () => {
  const reception = stats();
  for (const sequence of [1, 2, 30000, 3]) reception.add(packet(sequence), 0);
  equal(reception.buildReport(0)?.reports[0].highestSequence, 3);
  for (const sequence of [5, 20000, 20001, 20002]) reception.add(packet(sequence), 0);
  equal(reception.buildReport(0)?.reports[0].highestSequence, 20002);
  equal(reception.buildReport(0)?.reports[0].cumulativeLost, 0);
  // The loss before the jump stays in the session's count.
  equal(reception.snapshot().lost, 1);
});

Deno.test("jitter follows RFC 3550 A.8 and does not see wraparounds", () => {
  const reception = stats();
  const start = 0xffffffff - 3000;
  // 20 ms apart; every other packet is 10 ms late: |D| = 900 ticks each time
  for (let i = 0; i < 400; i++) {
    reception.add(packet(i, start + i * 1800), 1_700_000_000_000 + i * 20 + (i % 2 === 0 ? 0 : 10));
  }
  const jitter = reception.snapshot().jitter;
  ok(jitter > 895 && jitter <= 901, String(jitter));
  equal(reception.buildReport(0)?.reports[0].jitter, Math.floor(jitter));
});

Deno.test("jitter: one step by hand", () => {
  const reception = stats();
  reception.add(packet(1, 0), 0);
  reception.add(packet(2, 900), 26);
  // 26 ms are 2340 ticks; (2340 - 900) / 16
  equal(reception.snapshot().jitter, 90);
  reception.add(packet(3, 90000), 27, false);
  equal(reception.snapshot().jitter, 90);
});

Deno.test("absolute time follows the last sender report, to both sides and across the wraparound", () => {
  const reception = stats();
  const ntp = 1_700_000_000_123;
  reception.addSenderReport(senderReport(ntp, 0xfffffff0), 5000);
  reception.add(packet(1, 0xfffffff0 + 90000), 5000);
  const close = (a: number | null, b: number) => ok(a !== null && Math.abs(a - b) < 0.01, `${a} is not ${b}`);
  close(reception.ntpAt((0xfffffff0 + 90000) >>> 0), ntp + 1000);
  close(reception.ntpAt(0xfffffff0 - 90000), ntp - 1000);
  close(reception.snapshot().lastNtp, ntp + 1000);
});

Deno.test("a sender without a clock gives no absolute time", () => {
  const reception = stats();
  reception.addSenderReport({ ...senderReport(0, 0), ntpSeconds: 0, ntpFraction: 0 }, 0);
  equal(reception.ntpAt(0), null);
});

Deno.test("last SR and the delay since", () => {
  const reception = stats();
  reception.add(packet(1), 0);
  reception.addSenderReport({ ...senderReport(0, 0), ntpSeconds: 0x11223344, ntpFraction: 0x55667788 }, 1000);
  const block = reception.buildReport(3500)?.reports[0];
  equal(block?.lastSenderReport, 0x33445566);
  equal(block?.delaySinceLastSenderReport, 2.5 * 65536);
});

Deno.test("a new SSRC starts anew and forgets the time of the old one", () => {
  const reception = stats();
  reception.addSenderReport(senderReport(1_700_000_000_000, 0), 0);
  for (const sequence of [1, 3]) reception.add(packet(sequence), 0);
  ok(reception.ntpAt(0) !== null);
  reception.add(packet(50000, 5, 8), 0);
  equal(reception.ssrc, 8);
  equal(reception.ntpAt(0), null);
  const block = reception.buildReport(0)?.reports[0];
  equal([block?.ssrc, block?.highestSequence, block?.cumulativeLost], [8, 50000, 0]);
  equal(reception.snapshot(), {
    received: 3,
    lost: 1,
    jitter: 0,
    lastSequence: 50000,
    lastTimestamp: 5,
    lastNtp: null,
  });
});

Deno.test("a report that arrives before the first packet of a new SSRC is kept", () => {
  const reception = stats();
  reception.add(packet(1), 0);
  reception.addSenderReport(senderReport(1_700_000_000_000, 0, 8), 0);
  reception.add(packet(1, 0, 8), 0);
  ok(reception.ntpAt(0) !== null);
});
