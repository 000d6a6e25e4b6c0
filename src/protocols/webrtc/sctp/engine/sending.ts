/** The sending half: queue, congestion window, repetitions (RFC 9260 §6.1, §6.3, §7.2). */
import { type Data, dataHeaderSize, type Sack, serializeData } from "../wire/data.ts";
import { type Chunk, chunkHeaderSize, packetHeaderSize } from "../wire/packet.ts";
import { RetransmissionTimeout } from "./retransmission_timeout.ts";
import { distance, next } from "./serial.ts";

/** Bytes that wait or are under way. When they do not fit, a message is not taken: memory of a slow reader is bounded. */
export const maxBufferedBytes = 1024 * 1024;

/** Chunks per SACK that miss one until it counts as lost (RFC 9260 §7.2.4). */
const missesUntilLost = 3;

/** Unanswered repetitions in a row until the peer counts as gone (RFC 9260 §8.1). */
const maxTimeouts = 10;

interface Outstanding {
  readonly data: Data;
  sentAt: number;
  transmissions: number;
  acknowledged: boolean;
  misses: number;
  lost: boolean;
}

/** What a message is cut from. */
export interface Outgoing {
  readonly stream: number;
  readonly payloadProtocol: number;
  readonly bytes: Uint8Array;
}

export class Sending {
  readonly #timeout = new RetransmissionTimeout();
  readonly #mtu: number;
  readonly #fragmentSize: number;
  readonly #streamSequences = new Map<number, number>();
  #nextTsn: number;
  /** Not sent yet. */
  #waiting: Data[] = [];
  /** Sent, in the order of TSNs. */
  #outstanding: Outstanding[] = [];
  #flightBytes = 0;
  #bufferedBytes = 0;
  #peerWindow: number;
  #congestionWindow: number;
  #slowStartThreshold: number;
  #partialAcknowledged = 0;
  /** While a loss is repaired: it ends when this TSN is acknowledged. */
  #recoveryEnd: number | null = null;
  #timerStartedAt = 0;
  #timeouts = 0;

  constructor(firstTsn: number, peerWindow: number, mtu: number) {
    this.#nextTsn = firstTsn;
    this.#peerWindow = peerWindow;
    this.#mtu = mtu;
    // A multiple of four wastes no padding.
    this.#fragmentSize = mtu - packetHeaderSize - chunkHeaderSize - dataHeaderSize & ~3;
    this.#congestionWindow = Math.min(4 * mtu, Math.max(2 * mtu, 4404));
    this.#slowStartThreshold = peerWindow;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** False when there is no room. */
  queue({ stream, payloadProtocol, bytes }: Outgoing): boolean {
    if (this.#bufferedBytes + bytes.length > maxBufferedBytes) return false;
    this.#bufferedBytes += bytes.length;
    const streamSequence = this.#streamSequences.get(stream) ?? 0;
    this.#streamSequences.set(stream, streamSequence + 1 & 0xffff);
    for (let at = 0; at < bytes.length; at += this.#fragmentSize) {
      const payload = bytes.slice(at, at + this.#fragmentSize);
      const end = at + payload.length === bytes.length;
      const numbers = { tsn: this.#nextTsn, stream, streamSequence, payloadProtocol };
      this.#waiting.push({ ...numbers, begin: at === 0, end, unordered: false, payload });
      this.#nextTsn = next(this.#nextTsn);
    }
    return true;
  }

  /** The chunks that may go now: lost ones first. */
  takeChunks(now: number): Chunk[] {
    const out: Chunk[] = [];
    for (const each of this.#outstanding) {
      if (!each.lost) continue;
      if (!this.#mayBeUnderWay(each.data.payload.length)) return out;
      this.#transmit(each, now, out);
    }
    while (this.#waiting.length > 0) {
      const data = this.#waiting[0];
      const size = data.payload.length;
      // With nothing under way one chunk may always go: it finds out whether a closed window has opened.
      const fits = this.#flightBytes === 0 || size <= this.#peerWindow;
      if (!fits || !this.#mayBeUnderWay(size)) break;
      this.#waiting.shift();
      this.#peerWindow = Math.max(0, this.#peerWindow - size);
      const each = { data, sentAt: now, transmissions: 0, acknowledged: false, misses: 0, lost: false };
      if (this.#outstanding.length === 0) this.#timerStartedAt = now;
      this.#outstanding.push(each);
      this.#transmit(each, now, out);
    }
    return out;
  }

  #mayBeUnderWay(size: number): boolean {
    return this.#flightBytes === 0 || this.#flightBytes + size <= this.#congestionWindow;
  }

  #transmit(each: Outstanding, now: number, out: Chunk[]): void {
    each.lost = false;
    each.misses = 0;
    each.sentAt = now;
    each.transmissions++;
    this.#flightBytes += each.data.payload.length;
    out.push(serializeData(each.data));
  }

  /** What the peer has got. */
  acknowledge(sack: Sack, now: number): void {
    const first = this.#outstanding.at(0);
    const before = first === undefined ? this.#sentEnd() : first.data.tsn;
    // Older than one that came before, or about what was never sent.
    if (distance(sack.cumulativeTsn, before) < -1) return;
    if (distance(sack.cumulativeTsn, this.#sentEnd()) >= 0) return;
    const wasFull = this.#flightBytes + this.#mtu > this.#congestionWindow;
    const { bytes, advanced } = this.#takeAcknowledged(sack, now);
    this.#countMisses(sack);
    if (advanced) {
      this.#timeouts = 0;
      this.#timerStartedAt = now;
      this.#grow(bytes, wasFull);
    }
    if (this.#recoveryEnd !== null && distance(sack.cumulativeTsn, this.#recoveryEnd) >= 0) {
      this.#recoveryEnd = null;
    }
    this.#peerWindow = Math.max(0, sack.window - this.#flightBytes);
  }

  /** The TSN after the last one that was sent. */
  #sentEnd(): number {
    return this.#waiting.length > 0 ? this.#waiting[0].tsn : this.#nextTsn;
  }

  #takeAcknowledged({ cumulativeTsn, gaps }: Sack, now: number): { bytes: number; advanced: boolean } {
    let bytes = 0;
    let advanced = false;
    while (this.#outstanding.length > 0 && distance(this.#outstanding[0].data.tsn, cumulativeTsn) <= 0) {
      const each = this.#outstanding[0];
      this.#outstanding.shift();
      bytes += this.#arrived(each, now);
      this.#bufferedBytes -= each.data.payload.length;
      advanced = true;
    }
    for (const each of this.#outstanding) {
      const offset = distance(each.data.tsn, cumulativeTsn);
      if (gaps.some(({ start, end }) => offset >= start && offset <= end)) bytes += this.#arrived(each, now);
    }
    return { bytes, advanced };
  }

  /** The bytes that this acknowledges for the first time. */
  #arrived(each: Outstanding, now: number): number {
    if (each.acknowledged) return 0;
    each.acknowledged = true;
    const size = each.data.payload.length;
    if (!each.lost) this.#flightBytes -= size;
    each.lost = false;
    // Karn's rule: of a repeated chunk nobody knows which copy arrived.
    if (each.transmissions === 1) this.#timeout.measure(Math.max(1, now - each.sentAt));
    return size;
  }

  #countMisses({ cumulativeTsn, gaps }: Sack): void {
    const highest = gaps.reduce((most, { end }) => Math.max(most, end), 0);
    for (const each of this.#outstanding) {
      const isMissing = !each.acknowledged && !each.lost && distance(each.data.tsn, cumulativeTsn) < highest;
      // A chunk is repeated in this fast way once; after that the timer has to notice.
      if (!isMissing || each.transmissions > 1 || ++each.misses < missesUntilLost) continue;
      each.lost = true;
      this.#flightBytes -= each.data.payload.length;
      this.#enterRecovery();
    }
  }

  #enterRecovery(): void {
    if (this.#recoveryEnd !== null) return;
    this.#recoveryEnd = this.#outstanding[this.#outstanding.length - 1].data.tsn;
    this.#slowStartThreshold = Math.max(this.#congestionWindow / 2, 4 * this.#mtu);
    this.#congestionWindow = this.#slowStartThreshold;
    this.#partialAcknowledged = 0;
  }

  /** RFC 9260 §7.2.1, §7.2.2. */
  #grow(bytes: number, wasFull: boolean): void {
    if (this.#recoveryEnd !== null || !wasFull) return;
    if (this.#congestionWindow <= this.#slowStartThreshold) {
      this.#congestionWindow += Math.min(bytes, this.#mtu);
      return;
    }
    this.#partialAcknowledged += bytes;
    if (this.#partialAcknowledged < this.#congestionWindow) return;
    this.#partialAcknowledged -= this.#congestionWindow;
    this.#congestionWindow += this.#mtu;
  }

  /** Declares everything lost when it is time; false after too many tries. */
  tick(now: number): boolean {
    if (this.#outstanding.length === 0 || now - this.#timerStartedAt < this.#timeout.ms) return true;
    this.#timerStartedAt = now;
    this.#timeout.backOff();
    this.#slowStartThreshold = Math.max(this.#congestionWindow / 2, 4 * this.#mtu);
    this.#congestionWindow = this.#mtu;
    this.#partialAcknowledged = 0;
    this.#recoveryEnd = null;
    for (const each of this.#outstanding) {
      if (each.acknowledged || each.lost) continue;
      each.lost = true;
      this.#flightBytes -= each.data.payload.length;
    }
    return ++this.#timeouts <= maxTimeouts;
  }
}
