/** The receiving side of a connection: draft-sharabayko-srt §4.5 to §4.8. Times in microseconds. */
import { serializeAck } from "../wire/ack.ts";
import { type LossRange, maxLossRanges, serializeLossList } from "../wire/loss_list.ts";
import {
  ControlType,
  DataFlags,
  headerSize,
  keyFlagOf,
  maxPayloadSize,
  timestampOf,
  udpHeaderSize,
} from "../wire/packet.ts";
import { addSequence, sequenceDistance, sequenceMask } from "../wire/sequence.ts";
import { readWord } from "../wire/words.ts";
import type { Counters } from "./counters.ts";
import type { ReceiveKeys } from "./keys.ts";
import { ArrivalRates } from "./rates.ts";
import { givenUp, ReceiveBuffer, receiveCapacity } from "./receive_buffer.ts";
import { ReceiveLosses } from "./receive_losses.ts";
import type { RttEstimator } from "./rtt.ts";
import type { DeliveryClock } from "./tsbpd.ts";

const ackPeriod = 10_000;
/** A light acknowledgement comes after so many packets at the latest. */
const lightAckPackets = 64;
const leastNakPeriod = 20_000;
/** Acknowledgements whose answer may still come. */
const rememberedAcks = 512;

export interface ReceiverOptions {
  readonly initialSequence: number;
  readonly clock: DeliveryClock;
  readonly rtt: RttEstimator;
  readonly keys: ReceiveKeys | null;
  readonly counters: Counters;
  readonly control: (type: number, info: number, body: Uint8Array) => void;
  /** In order, each at its time. */
  readonly deliver: (payload: Uint8Array) => void;
}

export class Receiver {
  readonly #o: ReceiverOptions;
  readonly #buffer: ReceiveBuffer;
  readonly #losses = new ReceiveLosses();
  readonly #rates = new ArrivalRates();
  #nakAt = Infinity;
  #ackAt = Infinity;
  #ackedAt = -Infinity;
  #ackNumber = 0;
  /** What was last acknowledged, and what of that the peer has seen. */
  #acked: number;
  #confirmed: number;
  #sinceAck = 0;
  /** By number: when it was sent, and what it said. */
  readonly #acks = new Map<number, { readonly at: number; readonly sequence: number }>();

  constructor(options: ReceiverOptions) {
    this.#o = options;
    this.#buffer = new ReceiveBuffer(options.initialSequence);
    this.#acked = this.#confirmed = options.initialSequence;
  }

  get buffered(): { packets: number; bytes: number; microseconds: number } {
    const { count, bytes, span } = this.#buffer;
    return { packets: count, bytes, microseconds: span };
  }

  get availablePackets(): number {
    return this.#buffer.available;
  }

  /** Packets a second. */
  get linkCapacity(): number {
    return this.#rates.capacity;
  }

  get byteRate(): number {
    return this.#rates.speed.byteRate;
  }

  /** A whole data packet, which is decrypted in place. */
  receive(packet: Uint8Array, now: number): void {
    const { counters, rtt } = this.#o;
    const sequence = readWord(packet, 0) & sequenceMask;
    const flags = readWord(packet, 4);
    const retransmitted = (flags & DataFlags.retransmitted) !== 0;
    const size = packet.length + udpHeaderSize;
    counters.packetsReceived++;
    counters.bytesReceived += size;
    if (retransmitted) {
      counters.packetsReceivedRetransmitted++;
      counters.bytesReceivedRetransmitted += size;
    }
    this.#rates.arrived(sequence, size, now, retransmitted);
    if (packet.length === headerSize || packet.length > headerSize + maxPayloadSize) return;
    const offset = sequenceDistance(this.#buffer.first, sequence);
    if (offset < 0) return this.#belated(packet, size, now, retransmitted);
    // Beyond the window that the peer was told of.
    if (offset >= receiveCapacity || this.#buffer.has(sequence)) return;
    const payload = this.#decrypt(packet, flags, size);
    if (payload === null) return;
    counters.packetsReceivedUnique++;
    counters.bytesReceivedUnique += size;
    const gap = sequenceDistance(this.#buffer.end, sequence);
    if (gap > 0) this.#missed(this.#buffer.end, addSequence(sequence, -1), gap, size, now);
    else if (gap < 0) this.#losses.remove(sequence);
    this.#buffer.put(sequence, payload, this.#o.clock.due(timestampOf(packet), now));
    this.#scheduleAck(now);
    if (!this.#losses.empty && this.#nakAt === Infinity) this.#nakAt = now + nakPeriod(rtt);
  }

  #decrypt(packet: Uint8Array, flags: number, size: number): Uint8Array | null {
    const key = keyFlagOf(flags);
    const { keys, counters } = this.#o;
    // What comes in clear although there are keys is not the peer's.
    const payload = key === 0
      ? keys === null ? packet.subarray(headerSize) : null
      : keys?.decrypt(key, packet) ?? null;
    if (payload === null) {
      counters.packetsUndecrypted++;
      counters.bytesUndecrypted += size;
    }
    return payload;
  }

  #belated(packet: Uint8Array, size: number, now: number, retransmitted: boolean): void {
    const { counters, clock } = this.#o;
    // The copy of a packet that came in time is nothing to count.
    const late = now - clock.due(timestampOf(packet), now);
    if (late <= 0 || !retransmitted) return;
    counters.packetsBelated++;
    counters.bytesBelated += size;
    counters.belatedTime += late;
  }

  #missed(first: number, last: number, count: number, size: number, now: number): void {
    const { counters } = this.#o;
    this.#losses.add(first, last, now);
    counters.packetsReceivedLost += count;
    counters.bytesReceivedLost += count * size;
    this.#sendNak([{ first, last }]);
  }

  #sendNak(ranges: readonly LossRange[]): void {
    this.#o.counters.naksSent++;
    this.#o.control(ControlType.nak, 0, serializeLossList(ranges));
  }

  #scheduleAck(now: number): void {
    this.#sinceAck++;
    this.#ackAt = Math.min(this.#ackAt, Math.max(now, this.#ackedAt + ackPeriod));
    if (this.#sinceAck < lightAckPackets || this.#ackAt <= now) return;
    this.#sinceAck = 0;
    const body = serializeAck({ sequence: this.#buffer.firstMissing, statistics: null, rates: null });
    this.#o.counters.acksSent++;
    this.#o.control(ControlType.ack, 0, body);
  }

  #sendAck(now: number): void {
    const { rtt, counters, control } = this.#o;
    const sequence = this.#buffer.firstMissing;
    this.#ackAt = Infinity;
    const repeated = sequence === this.#acked;
    if (repeated && (this.#confirmed === sequence || now < this.#ackedAt + rtt.timeout)) {
      if (this.#confirmed !== sequence) this.#ackAt = this.#ackedAt + rtt.timeout;
      return;
    }
    this.#acked = sequence;
    this.#ackedAt = now;
    this.#sinceAck = 0;
    this.#ackNumber = this.#ackNumber % 0x7fff_ffff + 1;
    this.#acks.set(this.#ackNumber, { at: now, sequence });
    if (this.#acks.size > rememberedAcks) this.#acks.delete(this.#acks.keys().next().value!);
    const speed = this.#rates.speed;
    const body = serializeAck({
      sequence,
      statistics: {
        rtt: rtt.value,
        rttVariance: rtt.variance,
        availableBuffer: Math.max(2, this.#buffer.available),
      },
      rates: { ...speed, linkCapacity: this.#rates.capacity },
    });
    counters.acksSent++;
    control(ControlType.ack, this.#ackNumber, body);
    this.#ackAt = now + rtt.timeout;
  }

  /** The peer has seen an acknowledgement. */
  confirmed(number: number, timestamp: number, now: number): void {
    const ack = this.#acks.get(number);
    if (ack === undefined) return;
    // Earlier ones would measure more than one round trip.
    for (const known of this.#acks.keys()) {
      this.#acks.delete(known);
      if (known === number) break;
    }
    const rtt = now - ack.at;
    this.#o.rtt.measure(rtt);
    this.#o.clock.sample(timestamp, now, rtt);
    if (sequenceDistance(this.#confirmed, ack.sequence) > 0) this.#confirmed = ack.sequence;
  }

  /** The peer will not send these (again). */
  dropped({ first, last }: LossRange, now: number): void {
    const from = sequenceDistance(first, this.#buffer.first) > 0 ? this.#buffer.first : first;
    const count = Math.min(
      sequenceDistance(from, last) + 1,
      receiveCapacity - sequenceDistance(this.#buffer.first, from),
    );
    for (let i = 0; i < count; i++) {
      const sequence = addSequence(from, i);
      if (this.#buffer.has(sequence)) continue;
      const gap = sequenceDistance(this.#buffer.end, sequence);
      if (gap > 0) this.#missed(this.#buffer.end, addSequence(sequence, -1), gap, 0, now);
      else if (gap < 0) this.#losses.remove(sequence);
      this.#buffer.put(sequence, givenUp, now);
      this.#o.counters.packetsReceiveDropped++;
    }
    if (count > 0) this.#scheduleAck(now);
  }

  tick(now: number): void {
    this.#deliverDue(now);
    if (this.#ackAt <= now) this.#sendAck(now);
    if (this.#nakAt <= now) this.#repeatNaks(now);
  }

  #repeatNaks(now: number): void {
    if (this.#losses.empty) {
      this.#nakAt = Infinity;
      return;
    }
    const period = nakPeriod(this.#o.rtt);
    // What was reported a moment ago, when it was found missing, has its turn the next time.
    const ranges = this.#losses.take(now - period / 2, now, maxLossRanges);
    if (ranges.length > 0) this.#sendNak(ranges);
    this.#nakAt = now + period;
  }

  #deliverDue(now: number): void {
    const buffer = this.#buffer;
    while (buffer.firstPresent !== null && buffer.due(buffer.firstPresent) <= now) {
      const missing = sequenceDistance(buffer.first, buffer.firstPresent);
      if (missing > 0) {
        this.#o.counters.packetsReceiveDropped += missing;
        this.#o.counters.bytesReceiveDropped += missing *
          (buffer.bytes / buffer.count + headerSize + udpHeaderSize);
        this.#losses.removeBefore(buffer.firstPresent);
        // The peer may forget what nobody waits for any more.
        if (this.#ackAt === Infinity) this.#ackAt = now;
      }
      const payload = buffer.shift();
      if (payload !== givenUp) this.#o.deliver(payload);
    }
  }

  get nextWake(): number {
    const { firstPresent } = this.#buffer;
    const due = firstPresent === null ? Infinity : this.#buffer.due(firstPresent);
    return Math.min(due, this.#ackAt, this.#nakAt);
  }

  close(): void {
    this.#losses.clear();
    this.#acks.clear();
    this.#nakAt = this.#ackAt = Infinity;
  }
}

/** In live mode half of the time in which an answer is to be expected. */
function nakPeriod(rtt: RttEstimator): number {
  return Math.max(leastNakPeriod, rtt.timeout / 2);
}
