import { distance16, hasPassed } from "../../../../base/time.ts";
import type { RtpPacket } from "../../../../rtp/packet.ts";
import type { ReportBlock } from "../../../../rtp/rtcp/report_block.ts";
import type { SenderReport } from "../../../../rtp/rtcp/sender_report.ts";
import type { PlainBatch, RtpRewrite, SrtpBatch } from "../../../../rtp/srtp/mod.ts";
import type { Unit } from "../../../../stream/unit.ts";
import type { NegotiatedMedia } from "../../contracts.ts";
import { type Burst, createBurst, packetOfBurst } from "./burst.ts";
import { PacingQueue } from "./pacing_queue.ts";
import { ResendBudget } from "./resend_budget.ts";
import { buildResent, type Resent } from "./retransmission.ts";
import type { TrackSender, UnitPackets } from "./track_sender.ts";

/** RFC 3711 §3.3.1 wants first numbers in the lower half, so that a loss right at the start cannot hide a wrap. */
const maxFirstSequence = 0x4000;
/** What the first group of pictures consisted of can be asked for again for that long. */
const burstKeptMs = 5000;
/** And no longer than until the numbers are so far on: beyond half of their range they would seem to lie ahead. */
const maxBurstDistance = 0x4000;

/** One track as one reader gets it: its payload types and numbers, and what it wants repeated. */
export class ReaderTrack {
  readonly budget: ResendBudget = new ResendBudget();
  /** Cumulative number of the last report. */
  reportedLost = 0;
  discarded = 0;
  readonly #payloadType: number;
  readonly #rtxPayloadType: number | null;
  readonly #queue = new PacingQueue();
  #burst: Burst | null = null;
  #burstSentAt = 0;
  readonly #firstSequence: number;
  /** Of the packet that comes next. */
  #nextSequence: number;
  #nextRtxSequence: number;
  /** Null until the first live unit. */
  #rewrite: RtpRewrite | null = null;
  #liveFrom = 0;
  #waiting: boolean;
  #packets = 0;
  #octets = 0;

  constructor(
    readonly sender: TrackSender,
    readonly media: NegotiatedMedia,
    /** Protects and sends a batch, as written anew; gives the bytes that were sent. */
    private readonly send: (batch: SrtpBatch, rewrite: RtpRewrite | null) => number,
  ) {
    const [codec] = media.codecs;
    this.#payloadType = codec.payloadType;
    this.#rtxPayloadType = codec.rtxPayloadType;
    const random = crypto.getRandomValues(new Uint16Array(2));
    this.#firstSequence = 1 + random[0] % maxFirstSequence;
    this.#nextSequence = this.#firstSequence;
    this.#nextRtxSequence = 1 + random[1] % maxFirstSequence;
    this.#waiting = sender.track.isVideo;
  }

  /** True while nothing can be decoded before the next key frame. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** True while every tick has something to do. */
  get busy(): boolean {
    return this.#waiting || !this.#queue.empty;
  }

  /** Begins with what is cached, where that can be decoded; it is sent by the ticks. */
  start(cached: readonly Unit[], now: number): void {
    if (!this.sender.track.isVideo) return;
    const burst = createBurst(this.sender, cached, this.#payloadType, this.#firstSequence);
    if (burst.units.length === 0) return;
    this.#burst = burst;
    this.#nextSequence += burst.size;
    this.#burstSentAt = now;
    this.#waiting = false;
    for (const unit of burst.units) this.#queue.push(unit);
    this.#queue.pace();
  }

  /** A live unit. Gives the bytes that were sent now. */
  push(live: UnitPackets): number {
    if (this.#waiting) {
      if (!live.unit.repairs) {
        this.discarded++;
        return 0;
      }
      this.#waiting = false;
      this.#rewrite = null;
    }
    const rewrite = this.#rewrite ??= this.#begin(live);
    const { packets, batch } = live;
    this.#nextSequence = packets[packets.length - 1].sequence + rewrite.sequenceOffset + 1;
    if (this.#queue.empty) {
      if (this.#burst !== null) this.#forgetFarBurst();
      return this.#send(packets, batch, rewrite);
    }
    if (this.#queue.push({ packets, batch, rewrite })) return 0;
    // Too much waits: go on at the next key frame.
    this.discarded += this.#queue.clear();
    this.#waiting = true;
    return 0;
  }

  /**
   * The numbers go on after those of the last packet, however many were left out: a step of half the range would be
   * taken for a step back, and SRTP would use the key stream of old packets again (RFC 3711 §3.3.1).
   */
  #begin({ first }: UnitPackets): RtpRewrite {
    this.#liveFrom = first;
    const sequenceOffset = (this.#nextSequence & 0xffff) - first;
    return { payloadType: this.#payloadType, sequenceOffset, timestampOffset: 0 };
  }

  /** Sends what waits, as much as is due in one tick. */
  drain(): void {
    for (const { packets, batch, rewrite } of this.#queue.take()) this.#send(packets, batch, rewrite);
  }

  tick(now: number): void {
    if (!this.#queue.empty) {
      this.drain();
      this.#burstSentAt = now;
    } else if (this.#rewrite !== null && hasPassed(burstKeptMs, this.#burstSentAt, now)) {
      // The numbering goes on as if it were there.
      this.#burst = null;
    }
  }

  #forgetFarBurst(): void {
    if (distance16(this.#firstSequence, this.#nextSequence) >= maxBurstDistance) this.#burst = null;
  }

  #send(packets: readonly RtpPacket[], batch: PlainBatch, rewrite: RtpRewrite): number {
    this.#packets += packets.length;
    this.#octets += batch.bytes.length - packets.length * 12;
    this.budget.sent(packets.length);
    return this.send(batch, rewrite);
  }

  /** Sends again what is still there and within the budget. */
  resend(sequences: readonly number[], now: number): void {
    const resent: Resent[] = [];
    for (const sequence of sequences) {
      const found = this.#find(sequence);
      if (found !== undefined && this.budget.take(sequence, now)) resent.push(found);
    }
    if (resent.length === 0) return;
    const rtx = this.#rtxPayloadType === null ? null : {
      payloadType: this.#rtxPayloadType,
      ssrc: this.sender.rtxSsrc,
      sequence: this.#nextRtxSequence,
    };
    if (rtx !== null) this.#nextRtxSequence = this.#nextRtxSequence + resent.length & 0xffff;
    this.send(buildResent(resent, { rtx }), null);
  }

  /** Only what this reader has been sent. */
  #find(sequence: number): Resent | undefined {
    const waiting = this.#queue.packets;
    const inBurst = distance16(this.#firstSequence, sequence);
    const burst = this.#burst;
    if (burst !== null && inBurst >= 0 && inBurst < burst.size) {
      return inBurst < burst.size - waiting ? packetOfBurst(burst, inBurst) : undefined;
    }
    const rewrite = this.#rewrite;
    if (rewrite === null || waiting > 0) return undefined;
    const { next, history } = this.sender;
    const number = next + distance16(next, sequence - rewrite.sequenceOffset);
    const packet = number >= this.#liveFrom && number < next ? history.get(number) : undefined;
    return packet && { packet, rewrite };
  }

  addReport(block: ReportBlock): void {
    this.reportedLost = Math.max(0, block.cumulativeLost);
  }

  /** Null before anything was sent. */
  report(now: number): SenderReport | null {
    if (this.#packets === 0) return null;
    const report = this.sender.report(now);
    return report && {
      ...report,
      packetCount: this.#packets % 2 ** 32,
      octetCount: this.#octets % 2 ** 32,
    };
  }
}
