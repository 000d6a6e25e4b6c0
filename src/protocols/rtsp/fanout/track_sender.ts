import { distance16 } from "../../../base/time.ts";
import { rtpHeaderSize } from "../../../rtp/packet.ts";
import { serializeRtcp } from "../../../rtp/rtcp/compound.ts";
import { SenderStats } from "../../../rtp/sender_report.ts";
import type { SrtpSender } from "../../../rtp/srtp/mod.ts";
import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";

/** SRTP must see at least every 32768th sequence number to know how often they have wrapped (RFC 3711 §3.3.1). */
const rolloverStep = 0x4000;
/** A step of the publisher's sequence numbers that is larger is no loss but another numbering (RFC 3550 §A.1). */
const maxLoss = 3000;
/** Pictures are not sent farther behind later ones: a larger step back is a clock that was set. In seconds. */
const maxReorder = 10;

/**
 * What all readers of one track share: the server's SSRC, where the packet numbers stand, and the sender reports.
 */
export class TrackSender {
  readonly ssrc: number = crypto.getRandomValues(new Uint32Array(1))[0];
  readonly #stats: SenderStats;
  #lastPts = -Infinity;
  #lastSentAt = 0;
  /** Of the last packet, as readers have seen it. */
  #lastSequence = -1;
  /** What is added to the publisher's sequence numbers: 0 until its numbering jumps. */
  #offset = 0;
  readonly #offsets = new WeakMap<Unit, number>();
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

  /** Something has been numbered. */
  get begun(): boolean {
    return this.#lastSequence >= 0;
  }

  /** A unit goes out now. */
  sent(unit: Unit, now: number): void {
    // What the track's own counter gives goes on without a gap: those who asked for packets before are others.
    const made = !unit.hasPackets;
    const behind = this.#lastPts - unit.pts;
    const inOrder = behind <= 0 || behind > maxReorder * this.track.clockRate;
    if (inOrder) this.#lastPts = unit.pts;
    this.#stats.add(unit.packets, unit.ntp, now, inOrder);
    this.#lastSentAt = now;
    if (unit.packets.length > 0) this.#number(unit, made);
  }

  /**
   * Readers see the publisher's sequence numbers, so that they know of its losses, but never one twice: neither their
   * reordering nor the key stream of SRTP stands a publisher that begins anew.
   */
  #number(unit: Unit, made: boolean): void {
    const { packets } = unit;
    const step = distance16(this.#lastSequence, packets[0].sequence + this.#offset);
    if (this.#lastSequence >= 0 && (step <= 0 || step > (made ? 1 : maxLoss))) {
      this.#offset = (this.#lastSequence + 1 - packets[0].sequence) & 0xffff;
    }
    if (this.#offset !== 0) this.#offsets.set(unit, this.#offset);
    else this.#offsets.delete(unit);
    this.#lastSequence = (packets[packets.length - 1].sequence + this.#offset) & 0xffff;
    this.#show(this.#lastSequence, rolloverStep);
  }

  /** What readers see added to the sequence numbers of a unit's packets. */
  sequenceOffset(unit: Unit): number {
    return this.#offsets.get(unit) ?? 0;
  }

  /**
   * The rollover counter that a reader who starts now must know. Nobody may have asked for encrypted packets for long,
   * yet no index may be used twice with the same key, so that the counter follows what is sent in clear, too.
   */
  rollover(): number {
    if (this.#lastSequence >= 0) this.#show(this.#lastSequence, 1);
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
      sequence: (this.#lastSequence + 1) & 0xffff,
      timestamp: (last.lastTimestamp + elapsed - margin) >>> 0,
    };
  }

  /** Where a reader begins who gets this unit first. */
  positionOf(unit: Unit): { sequence: number; timestamp: number } | null {
    const first = unit.packets.at(0);
    if (first === undefined) return null;
    return { sequence: (first.sequence + this.sequenceOffset(unit)) & 0xffff, timestamp: first.timestamp };
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
