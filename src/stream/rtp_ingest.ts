import type { RtpPacket } from "../rtp/packet.ts";
import { payloadFormat } from "../rtp/payload/formats.ts";
import { maxUnitPackets, maxUnitSize, type PayloadFormat } from "../rtp/payload/payload.ts";
import { NtpEstimator, RtpTimeDecoder, type StreamClock } from "./timestamps.ts";
import type { Track } from "./track.ts";
import { Unit } from "./unit.ts";

export interface RtpIngestOptions {
  readonly track: Track;
  readonly clock: StreamClock;
  /** Gathers finished units; the owner hands them to the stream after each batch of packets. */
  readonly out: Unit[];
  /**
   * Absolute time in milliseconds of an RTP timestamp, from the publisher's sender reports; null before the first
   * one. Given for paths with `useAbsoluteTimestamp`: units without absolute time are then left out.
   */
  readonly absoluteTime?: (timestamp: number) => number | null;
  readonly onMissingAbsoluteTime?: () => void;
  /** Called once, when packets have to be made anew: too large for UDP, or not in a form that readers take. */
  readonly onRemux?: (reason: string) => void;
}

/**
 * Groups the RTP packets of one track, which come in the order of their sequence numbers, into units.
 * A unit ends where its payload format says so, or when the timestamp changes (the packet with the mark was lost).
 */
export class RtpIngest {
  readonly #options: RtpIngestOptions;
  readonly #format: PayloadFormat;
  readonly #time: RtpTimeDecoder;
  readonly #ntp: NtpEstimator;
  #pending: RtpPacket[] = [];
  #pendingBytes = 0;
  #remux = false;
  #renumbered = false;

  constructor(options: RtpIngestOptions) {
    const { track, clock } = options;
    this.#options = options;
    this.#format = payloadFormat(track.codec);
    this.#time = new RtpTimeDecoder(track.clockRate, clock);
    this.#ntp = new NtpEstimator(track.clockRate);
    if (track.codec.name === "H264" && track.codec.packetizationMode === 0) {
      track.codec = { ...track.codec, packetizationMode: 1 };
      this.#startRemux("remuxing in order to change H264 packetization-mode from 0 to 1");
    }
  }

  /** `now`: milliseconds since 1970. */
  push(packet: RtpPacket, now: number): void {
    const pending = this.#pending;
    if (pending.length > 0 && pending[0].timestamp !== packet.timestamp) this.#finish(now);
    const { track } = this.#options;
    if (packet.payload.length > track.maxRtpPayload && !this.#remux && !this.#format.isOpaque) {
      this.#startRemux(
        `RTP packets are too big (${packet.payload.length} > ${track.maxRtpPayload}), ` +
          "remuxing them into smaller ones",
      );
    }
    this.#pending.push(packet);
    this.#pendingBytes += packet.bytes.length;
    if (this.#pending.length > maxUnitPackets || this.#pendingBytes > maxUnitSize) {
      track.reportError(`a unit is larger than ${maxUnitPackets} packets or ${maxUnitSize} bytes`);
      this.#pending = [];
      this.#pendingBytes = 0;
      return;
    }
    if (this.#format.endsUnit(packet)) this.#finish(now);
  }

  #startRemux(reason: string): void {
    this.#remux = true;
    this.#options.onRemux?.(reason);
  }

  #finish(now: number): void {
    const packets = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    const { track, absoluteTime, out } = this.#options;
    const timestamp = packets[0].timestamp;
    const pts = this.#time.decode(timestamp, now);
    const ntp = absoluteTime === undefined ? this.#ntp.estimate(pts, now) : absoluteTime(timestamp);
    if (ntp === null) return this.#options.onMissingAbsoluteTime?.();
    let unit = Unit.fromPackets(track, pts, ntp, packets);
    if (this.#remux) {
      const payload = unit.payload;
      if (payload === null) return;
      if (!this.#renumbered) {
        track.continueFrom(packets[0].sequence, timestamp, pts);
        this.#renumbered = true;
      }
      unit = Unit.fromPayload(track, pts, ntp, payload);
    }
    out.push(unit);
  }
}
