import { distance16 } from "../../../base/time.ts";
import { rtpHeaderSize } from "../../../rtp/packet.ts";
import { serializeRtcp } from "../../../rtp/rtcp/compound.ts";
import { SenderStats } from "../../../rtp/sender_report.ts";
import type { SrtpSender } from "../../../rtp/srtp/mod.ts";
import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";

/** SRTP must see at least every 32768th sequence number to know how often they have wrapped (RFC 3711 §3.3.1). */
const rolloverStep = 0x4000;

/**
 * What all readers of one track share: the server's SSRC, where the packet numbers stand, and the sender reports.
 */
export class TrackSender {
  readonly ssrc: number = crypto.getRandomValues(new Uint32Array(1))[0];
  readonly #stats: SenderStats;
  #lastPts = -Infinity;
  #lastSentAt = 0;
  /** The last sequence number that `srtp` has been shown. */
  #shown: number | undefined;

  constructor(
    readonly track: Track,
    private readonly cname: string,
    /** Null without TLS. */
    private readonly srtp: SrtpSender | null,
  ) {
    this.#stats = new SenderStats(track.clockRate);
  }

  /** A unit goes out now. */
  sent(unit: Unit, now: number): void {
    const inOrder = unit.pts >= this.#lastPts;
    if (inOrder) this.#lastPts = unit.pts;
    this.#stats.add(unit.packets, unit.ntp, now, inOrder);
    this.#lastSentAt = now;
    const sequence = unit.packets.at(-1)?.sequence;
    if (sequence !== undefined) this.#show(sequence, rolloverStep);
  }

  /**
   * The rollover counter that a reader who starts now must know. Nobody may have asked for encrypted packets for long,
   * yet no index may be used twice with the same key, so that the counter follows what is sent in clear, too.
   */
  rollover(): number {
    const last = this.#stats.snapshot();
    if (last !== null) this.#show(last.lastSequence, 1);
    return this.srtp?.rollover(this.ssrc) ?? 0;
  }

  /** By a packet without payload, which is thrown away. */
  #show(sequence: number, step: number): void {
    if (this.srtp === null) return;
    const ahead = this.#shown === undefined ? step : distance16(this.#shown, sequence);
    if (ahead >= 0 && ahead < step) return;
    this.#shown = sequence;
    const bytes = new Uint8Array(rtpHeaderSize);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, 0x80);
    view.setUint16(2, sequence);
    view.setUint32(8, this.ssrc);
    this.srtp.protect({ bytes, sizes: [bytes.length] });
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
