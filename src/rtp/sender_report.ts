/** The sending side of reports (RFC 3550 §6.4.1): counts what was sent and ties RTP timestamps to absolute time. */
import { ntpFromMillis } from "../base/time.ts";
import type { RtpPacket } from "./packet.ts";
import type { ReportBlock } from "./rtcp/report_block.ts";
import type { SenderReport } from "./rtcp/sender_report.ts";

export interface SenderSnapshot {
  readonly sent: number;
  readonly octets: number;
  /** Packets that the receiver's last report called lost. */
  readonly reportedLost: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  /** Milliseconds since 1970. */
  readonly lastNtp: number;
}

/** One track as sent to one receiver, or to all that get the same packets. */
export class SenderStats {
  readonly #clockRate: number;
  #last: { ssrc: number; sequence: number; timestamp: number; ntp: number; at: number } | null = null;
  #sent = 0;
  #octets = 0;
  #reportedLost = 0;

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /**
   * The packets of one unit; `ntp` (ms since 1970) is the absolute time of the first one's timestamp, `now` a steady
   * clock in ms. `timeCounts` is false for units whose timestamps do not grow in sending order (B-frames): an
   * instant extrapolated from them would lie in the future.
   */
  add(packets: readonly RtpPacket[], ntp: number, now: number, timeCounts = true): void {
    if (packets.length === 0) return;
    for (const packet of packets) this.#octets += packet.payload.length;
    this.#sent += packets.length;
    const { ssrc, timestamp } = packets[0];
    const { sequence } = packets[packets.length - 1];
    if (timeCounts || this.#last === null) this.#last = { ssrc, sequence, timestamp, ntp, at: now };
    else this.#last.sequence = sequence;
  }

  /** For the receiver's reports about this stream. */
  addReport(block: ReportBlock): void {
    if (block.ssrc === this.#last?.ssrc) this.#reportedLost = Math.max(0, block.cumulativeLost);
  }

  /** Null before the first packet. */
  buildReport(now: number): SenderReport | null {
    const last = this.#last;
    if (last === null || this.#clockRate === 0) return null;
    const elapsed = now - last.at;
    const { seconds, fraction } = ntpFromMillis(last.ntp + elapsed);
    return {
      kind: "senderReport",
      ssrc: last.ssrc,
      ntpSeconds: seconds,
      ntpFraction: fraction,
      rtpTimestamp: (last.timestamp + Math.round(elapsed / 1000 * this.#clockRate)) >>> 0,
      packetCount: this.#sent % 2 ** 32,
      octetCount: this.#octets % 2 ** 32,
      reports: [],
    };
  }

  /** Null before the first packet. */
  snapshot(): SenderSnapshot | null {
    const last = this.#last;
    if (last === null) return null;
    return {
      sent: this.#sent,
      octets: this.#octets,
      reportedLost: this.#reportedLost,
      lastSequence: last.sequence,
      lastTimestamp: last.timestamp,
      lastNtp: last.ntp,
    };
  }
}
