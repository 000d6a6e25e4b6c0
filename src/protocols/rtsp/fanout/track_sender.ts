import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";
import { SenderReporter } from "../../../rtp/sender_report.ts";

/**
 * What all readers of one track share: the server's SSRC, where the packet numbers stand, and the sender reports.
 */
export class TrackSender {
  readonly ssrc: number = crypto.getRandomValues(new Uint32Array(1))[0];
  readonly #reporter: SenderReporter;
  #lastSequence = -1;
  #lastTimestamp = 0;
  #lastSentAt = 0;

  constructor(readonly track: Track, cname: string) {
    this.#reporter = new SenderReporter({ ssrc: this.ssrc, clockRate: track.clockRate, cname });
  }

  /** A unit goes out now. */
  sent(unit: Unit, now: number): void {
    const packets = unit.packets;
    if (packets.length === 0) return;
    const last = packets[packets.length - 1];
    this.#lastSequence = last.sequence;
    this.#lastTimestamp = last.timestamp;
    this.#lastSentAt = now;
    let octets = 0;
    for (const packet of packets) octets += packet.payload.length;
    this.#reporter.sent(packets.length, octets, last.timestamp, unit.ntp, now);
  }

  /** Where a reader that starts now begins (RTP-Info); null before the first unit. */
  position(now: number): { sequence: number; timestamp: number } | null {
    if (this.#lastSequence < 0) return null;
    const elapsed = Math.floor((now - this.#lastSentAt) * this.track.clockRate / 1000);
    // A little earlier than now, so that no player sees a first picture from before its start.
    const margin = Math.floor(this.track.clockRate / 10);
    return {
      sequence: (this.#lastSequence + 1) & 0xffff,
      timestamp: (this.#lastTimestamp + elapsed - margin) >>> 0,
    };
  }

  /** A compound RTCP packet (SR and SDES); null before the first unit. */
  report(now: number): Uint8Array | null {
    return this.#reporter.report(now);
  }
}
