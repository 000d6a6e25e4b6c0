/** The sending side of a connection: draft-sharabayko-srt §4.4, §4.6, §4.8, §5.1. Times in microseconds. */
import type { Span } from "../../../base/packet_crypto.ts";
import type { Ack } from "../wire/ack.ts";
import type { LossRange } from "../wire/loss_list.ts";
import {
  DataFlags,
  headerSize,
  keyFlagOf,
  messageNumberMask,
  udpHeaderSize,
  withKeyFlag,
  writeDataHeader,
} from "../wire/packet.ts";
import { addSequence, sequenceDistance } from "../wire/sequence.ts";
import type { Counters } from "./counters.ts";
import type { SendKeys } from "./keys.ts";
import type { Pacing } from "./pacing.ts";
import type { RttEstimator } from "./rtt.ts";
import { maxSendPackets, type OutgoingPacket, SendBuffer } from "./send_buffer.ts";

/** Packets of one batch: what segmentation offload takes. */
const maxBatch = 64;
/** libsrt gives packets this long at the least, whatever the latency, … */
const leastDropDelay = 1_000_000;
/** … and this much more than the latency. */
const dropMargin = 20_000;
/** A report of a loss that is repeated sooner than this part of a round trip was under way with the retransmission. */
const suppressedPart = 3;
const leastSuppression = 5000;
/** What is added to the time in which an answer is to be expected before packets are sent again without being asked for. */
const timeoutMargin = 80_000;
const maxBackoff = 8;
/**
 * Packets that may be sent again for each that is sent, on average: enough where three of four are lost. Whoever reports
 * everything as lost all the time must not turn this server into a flood.
 */
const repeatsPerPacket = 3;
/** What may be saved up of these, and what a connection begins with. */
const maxRepeatCredit = 16_384;
const firstRepeatCredit = 256;

/** Several packets back to back. */
export type PacketOutput = (bytes: Uint8Array, sizes: readonly number[]) => void;

export interface SenderOptions {
  readonly initialSequence: number;
  readonly initialMessage: number;
  readonly destination: number;
  readonly startedAt: number;
  /** Of the peer, from its handshake. */
  readonly flowWindow: number;
  /** After how long the peer has given a packet to its application. */
  readonly latency: number;
  /** The peer knows the flag of retransmissions. */
  readonly marksRetransmissions: boolean;
  readonly pacing: Pacing;
  readonly rtt: RttEstimator;
  readonly keys: SendKeys | null;
  readonly counters: Counters;
  /** Where the next packets for `output` can be built, until they are given there. */
  readonly room: (size: number) => Uint8Array;
  readonly output: PacketOutput;
  readonly dropped: (range: LossRange) => void;
}

interface Chosen {
  readonly sequence: number;
  readonly packet: OutgoingPacket;
  readonly again: boolean;
}

export class Sender {
  readonly #o: SenderOptions;
  readonly #buffer: SendBuffer;
  readonly #dropDelay: number;
  /** The next packet that was never sent. */
  #fresh: number;
  #message: number;
  #unit = 0;
  /** Sequence numbers to send again, oldest first; those that are gone meanwhile are passed over. */
  #again: number[] = [];
  #repeatCredit = firstRepeatCredit;
  #window: number;
  /** What the peer has acknowledged, and up to where packets were given up. */
  #acknowledged: number;
  #givenUp: number;
  #lastUnitDropped = 0;
  /** When the peer has last acknowledged something, or when sending began after a pause. */
  #progressAt = 0;
  #backoff = 1;
  #busySince: number | null = null;
  linkCapacity = 0;

  constructor(options: SenderOptions) {
    this.#o = options;
    this.#buffer = new SendBuffer(options.initialSequence);
    this.#fresh = this.#acknowledged = this.#givenUp = options.initialSequence;
    this.#message = options.initialMessage;
    this.#window = options.flowWindow;
    this.#dropDelay = Math.max(options.latency, leastDropDelay) + dropMargin;
  }

  get buffered(): { packets: number; bytes: number; microseconds: number } {
    const { count, bytes, oldest, newest } = this.#buffer;
    const microseconds = count === 0 ? 0 : newest!.submittedAt - oldest!.submittedAt;
    return { packets: count, bytes, microseconds };
  }

  get flightSize(): number {
    return sequenceDistance(this.#buffer.first, this.#fresh);
  }

  get flowWindow(): number {
    return this.#window;
  }

  get availablePackets(): number {
    return maxSendPackets - this.#buffer.count;
  }

  sendDuration(now: number): number {
    const { sendDuration } = this.#o.counters;
    return this.#busySince === null ? sendDuration : sendDuration + now - this.#busySince;
  }

  /** Payloads that belong together. They are kept, so nobody may change them. */
  submit(payloads: readonly Uint8Array[], now: number): void {
    const { startedAt, keys, pacing } = this.#o;
    this.#unit++;
    if (this.#buffer.count === 0) {
      this.#progressAt = now;
      this.#busySince ??= now;
    }
    for (const payload of payloads) {
      if (this.#buffer.count >= maxSendPackets) this.#giveUp(now);
      const key = keys === null ? 0 : keys.next();
      const flags = withKeyFlag((DataFlags.solo | DataFlags.inOrder | this.#message) >>> 0, key);
      this.#message = this.#message === messageNumberMask ? 1 : this.#message + 1;
      const timestamp = (now - startedAt) >>> 0;
      this.#buffer.push({
        payload,
        timestamp,
        submittedAt: now,
        flags,
        unit: this.#unit,
        retransmittedAt: 0,
        queued: false,
      });
      this.#repeatCredit = Math.min(maxRepeatCredit, this.#repeatCredit + repeatsPerPacket);
      pacing.submitted(payload.length, now);
    }
    this.flush(now);
  }

  /** Sends what may be sent now. */
  flush(now: number): void {
    this.#giveUpLate(now);
    while (true) {
      const batch: Chosen[] = [];
      for (let one = this.#choose(now); one !== null; one = this.#choose(now)) {
        batch.push(one);
        if (batch.length === maxBatch) break;
      }
      if (batch.length === 0) return;
      this.#emit(batch);
    }
  }

  #choose(now: number): Chosen | null {
    const { pacing, counters, keys } = this.#o;
    if (pacing.next > now) return null;
    const chosen = this.#chooseLost() ?? this.#chooseFresh();
    if (chosen === null) return null;
    const size = chosen.packet.payload.length + (keys?.overhead ?? 0) + headerSize + udpHeaderSize;
    counters.packetsSent++;
    counters.bytesSent += size;
    if (chosen.again) {
      chosen.packet.retransmittedAt = now;
      counters.packetsRetransmitted++;
      counters.bytesRetransmitted += size;
    } else {
      counters.packetsSentUnique++;
      counters.bytesSentUnique += size;
    }
    pacing.sent(size, now);
    return chosen;
  }

  #chooseLost(): Chosen | null {
    while (this.#again.length > 0) {
      const sequence = this.#again.shift()!;
      const packet = this.#buffer.get(sequence);
      if (packet === undefined) continue;
      packet.queued = false;
      return { sequence, packet, again: true };
    }
    return null;
  }

  #chooseFresh(): Chosen | null {
    if (this.flightSize >= this.#window) return null;
    const packet = this.#buffer.get(this.#fresh);
    if (packet === undefined) return null;
    const sequence = this.#fresh;
    this.#fresh = addSequence(sequence, 1);
    return { sequence, packet, again: false };
  }

  #emit(batch: readonly Chosen[]): void {
    const { keys, destination, marksRetransmissions, room, output } = this.#o;
    const overhead = keys?.overhead ?? 0;
    const sizes: number[] = [];
    let total = 0;
    for (const { packet } of batch) {
      const size = headerSize + packet.payload.length + overhead;
      sizes.push(size);
      total += size;
    }
    const out = room(total);
    let at = 0;
    for (let i = 0; i < batch.length; i++) {
      const { sequence, packet, again } = batch[i];
      const flags = again && marksRetransmissions ? packet.flags | DataFlags.retransmitted : packet.flags;
      writeDataHeader(out, at, sequence, flags, packet.timestamp, destination);
      out.set(packet.payload, at + headerSize);
      at += sizes[i];
    }
    if (keys !== null) this.#encrypt(keys, out, batch, sizes);
    output(out, sizes);
  }

  /** Neighbours with the same key go together. */
  #encrypt(keys: SendKeys, out: Uint8Array, batch: readonly Chosen[], sizes: readonly number[]): void {
    let spans: Span[] = [];
    let at = 0;
    for (let i = 0; i < batch.length; i++) {
      const { packet } = batch[i];
      spans.push({ start: at + headerSize, end: at + headerSize + packet.payload.length });
      at += sizes[i];
      const key = keyFlagOf(packet.flags);
      if (i + 1 < batch.length && keyFlagOf(batch[i + 1].packet.flags) === key) continue;
      keys.encrypt(key, out, spans);
      spans = [];
    }
  }

  acknowledge({ sequence, statistics, rates }: Ack, now: number): void {
    if (sequenceDistance(sequence, this.#fresh) < 0) return;
    if (statistics !== null) this.#window = Math.min(statistics.availableBuffer, this.#o.flowWindow);
    if (rates !== null) this.linkCapacity = rates.linkCapacity;
    if (sequenceDistance(this.#acknowledged, sequence) > 0) {
      this.#acknowledged = sequence;
      this.#progressAt = now;
      this.#backoff = 1;
      // Kept near, or their distance would change its sign after 2^30 packets.
      if (sequenceDistance(this.#givenUp, sequence) > 0) this.#givenUp = sequence;
    }
    while (this.#buffer.count > 0 && sequenceDistance(this.#buffer.first, sequence) > 0) this.#buffer.shift();
    this.#settle(now);
    this.flush(now);
  }

  /** Ranges that the peer misses. */
  lost(ranges: readonly LossRange[], now: number): void {
    const suppression = Math.max(leastSuppression, this.#o.rtt.value / suppressedPart);
    // Ranges that overlap are the work of somebody who wants to keep us busy.
    let budget = this.#buffer.count;
    for (const range of ranges) {
      const last = sequenceDistance(range.last, this.#fresh) > 0 ? range.last : addSequence(this.#fresh, -1);
      let { first } = range;
      if (sequenceDistance(first, this.#buffer.first) > 0) {
        this.#tellGivenUp(first, last);
        first = this.#buffer.first;
      }
      const count = Math.min(budget, sequenceDistance(first, last) + 1);
      if (count > 0) budget -= count;
      for (let i = 0; i < count; i++) this.#enqueue(addSequence(first, i), now - suppression);
    }
    this.flush(now);
  }

  #enqueue(sequence: number, before: number): void {
    const packet = this.#buffer.get(sequence);
    if (packet === undefined) return;
    this.#o.counters.packetsSendLoss++;
    if (packet.queued || (packet.retransmittedAt !== 0 && packet.retransmittedAt > before)) return;
    if (this.#repeatCredit <= 0) return;
    this.#repeatCredit--;
    packet.queued = true;
    this.#again.push(sequence);
  }

  /** The peer need not wait for what was given up. */
  #tellGivenUp(first: number, last: number): void {
    const from = sequenceDistance(first, this.#acknowledged) > 0 ? this.#acknowledged : first;
    const end = addSequence(this.#givenUp, -1);
    const to = sequenceDistance(last, end) < 0 ? end : last;
    if (sequenceDistance(from, to) >= 0) this.#o.dropped({ first: from, last: to });
  }

  #giveUpLate(now: number): void {
    while (this.#buffer.count > 0 && now - this.#buffer.oldest!.submittedAt > this.#dropDelay) {
      this.#giveUp(now);
    }
  }

  #giveUp(now: number): void {
    const { counters } = this.#o;
    const packet = this.#buffer.shift();
    counters.packetsSendDropped++;
    counters.bytesSendDropped += packet.payload.length + headerSize + udpHeaderSize;
    if (packet.unit !== this.#lastUnitDropped) {
      this.#lastUnitDropped = packet.unit;
      counters.unitsDiscarded++;
    }
    this.#givenUp = this.#buffer.first;
    if (sequenceDistance(this.#fresh, this.#buffer.first) > 0) this.#fresh = this.#buffer.first;
    this.#settle(now);
  }

  #settle(now: number): void {
    if (this.#buffer.count > 0 || this.#busySince === null) return;
    this.#o.counters.sendDuration += now - this.#busySince;
    this.#busySince = null;
  }

  /** Nothing was acknowledged for so long that what is under way must be lost; reports of losses too. */
  get #timeoutAt(): number {
    if (this.flightSize <= 0) return Infinity;
    return this.#progressAt + (this.#o.rtt.timeout + timeoutMargin) * this.#backoff;
  }

  tick(now: number): void {
    if (this.#timeoutAt <= now) {
      this.#progressAt = now;
      this.#backoff = Math.min(maxBackoff, 2 * this.#backoff);
      // The last packet shows the peer what it misses, which it then asks for. Everything at once would be a flood
      // where all of it has arrived and this machine was too busy to read the answers.
      this.#enqueueUnanswered(addSequence(this.#fresh, -1));
      if (this.#backoff > 2) this.#enqueueUnanswered(this.#buffer.first);
    }
    this.flush(now);
  }

  #enqueueUnanswered(sequence: number): void {
    const packet = this.#buffer.get(sequence);
    if (packet === undefined || packet.queued) return;
    packet.queued = true;
    this.#again.push(sequence);
  }

  /** When `tick` has to be called; Infinity: need not be. */
  get nextWake(): number {
    const { oldest } = this.#buffer;
    if (oldest === undefined) return Infinity;
    const paced = this.#again.length > 0 || (this.#buffer.get(this.#fresh) !== undefined &&
        this.flightSize < this.#window)
      ? this.#o.pacing.next
      : Infinity;
    return Math.min(paced, this.#timeoutAt, oldest.submittedAt + this.#dropDelay + 1);
  }

  close(): void {
    while (this.#buffer.count > 0) this.#buffer.shift();
    this.#again = [];
  }
}
