/** Reception statistics of one stream (RFC 3550 §6.4.4, appendices A.1, A.3, A.8) and its absolute time. */
import { distance16, distance32, millisFromNtp } from "../base/time.ts";
import type { RtpPacket } from "./packet.ts";
import type { ReceiverReport } from "./rtcp/receiver_report.ts";
import type { SenderReport } from "./rtcp/sender_report.ts";

/** Appendix A.1 */
const maxDropout = 3000;
const maxMisorder = 100;
const noSequence = -1;
const cycle = 0x10000;
const maxCumulativeLost = 0x7fffff;
const minCumulativeLost = -0x800000;
/** Half of what the difference of two timestamps can tell. */
const farTicks = 2 ** 30;

export interface ReceptionOptions {
  /** Of the reports we send. */
  readonly localSsrc: number;
  /** Ticks per second of timestamps. */
  readonly clockRate: number;
}

/** What API and metrics show; counts of the whole session, also across changes of SSRC. */
export interface ReceptionSnapshot {
  readonly received: number;
  readonly lost: number;
  /** In clock ticks. */
  readonly jitter: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  /** Milliseconds since 1970 of the last packet; null before the first sender report. */
  readonly lastNtp: number | null;
}

/** Counters that start anew with each SSRC and each jump of the sequence numbers. */
class SequenceRun {
  highest: number;
  cycles = 0;
  received = 1;
  #bad = noSequence;
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
    this.highest = first;
  }

  get extendedHighest(): number {
    return this.cycles + this.highest;
  }

  get expected(): number {
    return this.extendedHighest - this.#first + 1;
  }

  /**
   * `resync`: the second packet in a row of another numbering, which replaces this one. `ignored`: the first such
   * packet; it may be a stray.
   */
  update(sequence: number): "ahead" | "behind" | "ignored" | "resync" {
    const ahead = distance16(this.highest, sequence);
    if (ahead >= maxDropout || ahead < -maxMisorder) {
      if (sequence === this.#bad) return "resync";
      this.#bad = sequence + 1 & 0xffff;
      return "ignored";
    }
    this.#bad = noSequence;
    this.received++;
    if (ahead <= 0) return "behind";
    if (sequence < this.highest) this.cycles += cycle;
    this.highest = sequence;
    return "ahead";
  }
}

/**
 * Fed with every packet of one track as it arrives (before or after reordering; before gives the truer jitter) and
 * with its sender reports. Times are milliseconds: `now` of any steady clock, `ntp` since 1970.
 */
export class ReceptionStats {
  readonly #localSsrc: number;
  readonly #clockRate: number;
  #run: SequenceRun | null = null;
  #ssrc = 0;
  #lastTimestamp = 0;
  #lastSequence = 0;
  #jitter = 0;
  #transit: number | null = null;
  #receivedBefore = 0;
  #lostBefore = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #report: { readonly message: SenderReport; readonly at: number } | null = null;
  /** A timestamp and its absolute time: those of the report, later ones when no other has come for hours. */
  #anchor: { readonly timestamp: number; readonly ntp: number } | null = null;

  constructor(options: ReceptionOptions) {
    this.#localSsrc = options.localSsrc;
    this.#clockRate = options.clockRate;
  }

  get clockRate(): number {
    return this.#clockRate;
  }

  /** SSRC of the sender; null before the first packet. */
  get ssrc(): number | null {
    return this.#run === null ? null : this.#ssrc;
  }

  /**
   * `jitterCounts` is false for packets whose timestamps do not grow in sending order (B-frames): they would show as
   * jitter that the network does not have.
   */
  add(packet: RtpPacket, now: number, jitterCounts = true): void {
    this.#lastSequence = packet.sequence;
    this.#lastTimestamp = packet.timestamp;
    if (this.#run === null || packet.ssrc !== this.#ssrc) {
      if (this.#report !== null && this.#run !== null && this.#report.message.ssrc !== packet.ssrc) {
        this.#report = null;
        this.#anchor = null;
      }
      this.#ssrc = packet.ssrc;
      this.#restart(packet.sequence);
    } else if (this.#run.update(packet.sequence) === "resync") {
      this.#restart(packet.sequence);
    }
    if (jitterCounts) this.#updateJitter(packet.timestamp, now);
  }

  #restart(sequence: number): void {
    if (this.#run !== null) {
      this.#receivedBefore += this.#run.received;
      this.#lostBefore += Math.max(0, this.#run.expected - this.#run.received);
    }
    this.#run = new SequenceRun(sequence);
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
    this.#jitter = 0;
    this.#transit = null;
  }

  /** Appendix A.8, with a 32-bit difference so that neither clock's wraparound shows. */
  #updateJitter(timestamp: number, now: number): void {
    const arrival = Math.floor(now / 1000 * this.#clockRate);
    const transit = (arrival - timestamp) >>> 0;
    if (this.#transit !== null) {
      const difference = Math.abs(distance32(this.#transit, transit));
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  /** Reports of other SSRCs count, too: some cameras put a wrong one into their reports. */
  addSenderReport(message: SenderReport, now: number): void {
    this.#report = { message, at: now };
    const { ntpSeconds, ntpFraction, rtpTimestamp } = message;
    const hasClock = ntpSeconds !== 0 || ntpFraction !== 0;
    this.#anchor = hasClock ? { timestamp: rtpTimestamp, ntp: millisFromNtp(ntpSeconds, ntpFraction) } : null;
  }

  /** Absolute time of a timestamp; null before the first sender report, or when the sender has no clock. */
  ntpAt(timestamp: number): number | null {
    const anchor = this.#anchor;
    if (anchor === null || this.#clockRate === 0) return null;
    const ticks = distance32(anchor.timestamp, timestamp);
    const ntp = anchor.ntp + ticks / this.#clockRate * 1000;
    // Some cameras send one report and no more.
    if (ticks > farTicks) this.#anchor = { timestamp, ntp };
    return ntp;
  }

  /** Null before the first packet. Each call ends an interval of the fraction lost. */
  buildReport(now: number): ReceiverReport | null {
    const run = this.#run;
    if (run === null) return null;
    const lost = Math.min(maxCumulativeLost, Math.max(minCumulativeLost, run.expected - run.received));
    const expectedInterval = run.expected - this.#expectedPrior;
    const lostInterval = expectedInterval - (run.received - this.#receivedPrior);
    this.#expectedPrior = run.expected;
    this.#receivedPrior = run.received;
    const fraction = expectedInterval <= 0 || lostInterval <= 0 ? 0 : lostInterval * 256 / expectedInterval;
    return {
      kind: "receiverReport",
      ssrc: this.#localSsrc,
      reports: [{
        ssrc: this.#ssrc,
        fractionLost: Math.min(255, Math.floor(fraction)),
        cumulativeLost: lost,
        highestSequence: run.extendedHighest % 2 ** 32,
        jitter: Math.min(0xffffffff, Math.floor(this.#jitter)),
        ...this.#lastReport(now),
      }],
    };
  }

  #lastReport(now: number): { lastSenderReport: number; delaySinceLastSenderReport: number } {
    if (this.#report === null) return { lastSenderReport: 0, delaySinceLastSenderReport: 0 };
    const { message, at } = this.#report;
    return {
      lastSenderReport: (message.ntpSeconds << 16 | message.ntpFraction >>> 16) >>> 0,
      delaySinceLastSenderReport: Math.min(0xffffffff, Math.max(0, Math.floor((now - at) / 1000 * 65536))),
    };
  }

  snapshot(): ReceptionSnapshot {
    const run = this.#run;
    return {
      received: this.#receivedBefore + (run?.received ?? 0),
      lost: this.#lostBefore + (run === null ? 0 : Math.max(0, run.expected - run.received)),
      jitter: this.#jitter,
      lastSequence: this.#lastSequence,
      lastTimestamp: this.#lastTimestamp,
      lastNtp: run === null ? null : this.ntpAt(this.#lastTimestamp),
    };
  }
}

/** `1 RTP packet lost`: the form of the log. */
export function lossText(count: number): string {
  return `${count} RTP ${count === 1 ? "packet" : "packets"} lost`;
}
