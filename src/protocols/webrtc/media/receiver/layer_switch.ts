import { distance16, distance32, hasPassed } from "../../../../base/time.ts";
import type { RtpPacket } from "../../../../rtp/packet.ts";
import type { Encoding } from "./encoding.ts";
import { withHeader } from "./header.ts";

/** A layer without packets for so long is gone: publishers pause layers that do not fit their uplink. */
export const layerTimeoutMs = 1000;
/** A better layer must have been there for so long before it is chosen. */
export const layerStableMs = 2000;
const maxCandidatePackets = 2048;
/** A pause between two layers is not longer than that to readers. */
const maxStepMs = 5000;

export interface LayerSwitchOptions {
  readonly clockRate: number;
  /** Of all packets that come out. */
  readonly payloadType: number;
  readonly ssrc: number;
  /** Do these packets hold a whole unit? `endsUnit` of the last one. */
  readonly endsUnit: (packet: RtpPacket) => boolean;
  /** Can decoding start at this unit? */
  readonly isRandomAccess: (packets: readonly RtpPacket[]) => boolean;
}

/**
 * Makes one continuous stream of a section's layers (RFC 8853): it changes at key frames only, and numbers and times go
 * on. With one layer it only leaves out packets without payload, without a gap.
 */
export class LayerSwitch {
  readonly #options: LayerSwitchOptions;
  #current: Encoding | null = null;
  #target: Encoding | null = null;
  #candidate: RtpPacket[] = [];
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** Of the packets that come in. */
  #ssrc = -1;
  #lastSequence = -1;
  #lastTimestamp = 0;
  #lastAt = 0;

  constructor(options: LayerSwitchOptions) {
    this.#options = options;
  }

  get current(): Encoding | null {
    return this.#current;
  }

  /** The layer to change to once it has a key frame; null when the best one is in use. */
  get target(): Encoding | null {
    return this.#target;
  }

  /** What is added to the current layer's timestamps. */
  get timestampOffset(): number {
    return this.#timestampOffset;
  }

  /** `encodings` best first. */
  choose(encodings: readonly Encoding[], now: number): void {
    const alive = encodings.filter((encoding) => !hasPassed(layerTimeoutMs, encoding.lastPacketAt, now));
    const currentLives = this.#current !== null && alive.includes(this.#current);
    const best = currentLives
      ? alive.find((encoding) =>
        encoding === this.#current || hasPassed(layerStableMs, encoding.aliveSince, now)
      )
      : alive[0];
    const target = best === undefined || best === this.#current ? null : best;
    if (target !== this.#target) this.#candidate = [];
    this.#target = target;
  }

  /** Packets of one layer, in order, into the common stream. */
  push(encoding: Encoding, packet: RtpPacket, now: number, out: RtpPacket[]): void {
    if (encoding === this.#current) this.#pass(packet, now, out);
    else if (encoding === this.#target) this.#try(encoding, packet, now, out);
  }

  /** Without simulcast there is nothing to choose. */
  pushOnly(encoding: Encoding, packet: RtpPacket, now: number, out: RtpPacket[]): void {
    this.#current = encoding;
    this.#pass(packet, now, out);
  }

  #pass(packet: RtpPacket, now: number, out: RtpPacket[]): void {
    // A publisher that begins anew counts from anywhere (RFC 3550 §5.1).
    if (packet.ssrc !== this.#ssrc) this.#continueWith(this.#current, packet, now);
    if (packet.payload.length === 0) {
      this.#sequenceOffset--;
      return;
    }
    const { payloadType, ssrc } = this.#options;
    const sequence = packet.sequence + this.#sequenceOffset & 0xffff;
    const timestamp = packet.timestamp + this.#timestampOffset >>> 0;
    this.#lastSequence = sequence;
    this.#lastTimestamp = timestamp;
    this.#lastAt = now;
    out.push(withHeader(packet, { payloadType, sequence, timestamp, ssrc }));
  }

  /** Gathers a unit of the layer that is waited for; a key frame makes it the current one. */
  #try(encoding: Encoding, packet: RtpPacket, now: number, out: RtpPacket[]): void {
    const pending = this.#candidate;
    if (pending.length > 0 && pending[0].timestamp !== packet.timestamp) pending.length = 0;
    if (packet.payload.length > 0) pending.push(packet);
    if (pending.length > maxCandidatePackets) pending.length = 0;
    if (pending.length === 0 || !this.#options.endsUnit(packet)) return;
    this.#candidate = [];
    // One with a hole would only break the picture: the next is asked for.
    const isWhole = distance16(pending[0].sequence, packet.sequence) === pending.length - 1;
    if (!isWhole || !this.#options.isRandomAccess(pending)) return;
    this.#continueWith(encoding, pending[0], now);
    this.#current = encoding;
    this.#target = null;
    for (const each of pending) this.#pass(each, now, out);
  }

  /** Numbers and times go on, whatever those of `first` are. */
  #continueWith(to: Encoding | null, first: RtpPacket, now: number): void {
    this.#ssrc = first.ssrc;
    if (this.#lastSequence >= 0) {
      this.#sequenceOffset = this.#lastSequence + 1 - first.sequence;
      const ticks = Math.max(1, Math.round(this.#elapsed(to, first, now) * this.#options.clockRate / 1000));
      this.#timestampOffset = distance32(first.timestamp, this.#lastTimestamp + ticks);
    }
  }

  /**
   * From the last picture of the old layer to the first of the new one, in ms: by sender reports, else by arrival. A
   * layer that begins anew has forgotten its old reports.
   */
  #elapsed(to: Encoding | null, first: RtpPacket, now: number): number {
    const from = this.#current === to
      ? null
      : this.#current?.stats.ntpAt(this.#lastTimestamp - this.#timestampOffset >>> 0) ?? null;
    const until = to?.stats.ntpAt(first.timestamp) ?? null;
    const ms = from !== null && until !== null ? until - from : now - this.#lastAt;
    return Math.min(maxStepMs, Math.max(0, ms));
  }
}
