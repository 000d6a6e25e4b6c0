import { serializeRtcp } from "../../../rtp/rtcp/compound.ts";
import { SenderStats } from "../../../rtp/sender_report.ts";
import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";

/**
 * What all readers of one track share: the server's SSRC, where the packet numbers stand, and the sender reports.
 */
export class TrackSender {
  readonly ssrc: number = crypto.getRandomValues(new Uint32Array(1))[0];
  readonly #stats: SenderStats;
  #lastPts = -Infinity;
  #lastSentAt = 0;

  constructor(readonly track: Track, private readonly cname: string) {
    this.#stats = new SenderStats(track.clockRate);
  }

  /** A unit goes out now. */
  sent(unit: Unit, now: number): void {
    const inOrder = unit.pts >= this.#lastPts;
    if (inOrder) this.#lastPts = unit.pts;
    this.#stats.add(unit.packets, unit.ntp, now, inOrder);
    this.#lastSentAt = now;
  }

  /** Where a reader that starts now begins (RTP-Info); null before the first unit. */
  position(now: number): { sequence: number; timestamp: number } | null {
    const last = this.#stats.snapshot();
    if (last === null) return null;
    const elapsed = Math.floor((now - this.#lastSentAt) * this.track.clockRate / 1000);
    // A little earlier than now, so that no player sees a first picture from before its start.
    const margin = Math.floor(this.track.clockRate / 10);
    return {
      sequence: (last.lastSequence + 1) & 0xffff,
      timestamp: (last.lastTimestamp + elapsed - margin) >>> 0,
    };
  }

  /** A compound RTCP packet (SR and SDES); null before the first unit. */
  report(now: number): Uint8Array | null {
    const report = this.#stats.buildReport(now);
    if (report === null) return null;
    const { ssrc, cname } = this;
    return serializeRtcp([
      { ...report, ssrc },
      { kind: "sourceDescription", chunks: [{ ssrc, cname }] },
    ]);
  }
}
