import { hasPassed } from "../../../base/time.ts";
import type { NetAddress } from "../../../net/address.ts";
import type { SrtpSender } from "../../../rtp/srtp/mod.ts";
import type { Fanout } from "../../../stream/fanout.ts";
import type { Sink } from "../../../stream/sink.ts";
import type { Stream } from "../../../stream/stream.ts";
import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";
import type { KeyedSender } from "../srtp_keys.ts";
import { DatagramFanout, type RtspSent, type UdpPair } from "./datagram.ts";
import { type ChannelMap, InterleavedFanout } from "./interleaved.ts";
import { TrackSender } from "./track_sender.ts";
import { UnitWire } from "./unit_wire.ts";

/** RFC 3550 §6.2 asks for 5 s on average; readers only need them to keep tracks in step. */
const reportPeriodMs = 10_000;

interface UdpMember {
  readonly trackIds: readonly number[];
  readonly secure: boolean;
  readonly pair: UdpPair;
  readonly rtp: NetAddress;
  readonly rtcp: NetAddress;
}

/**
 * All RTSP readers of one stream on one server. A unit becomes packets with the server's SSRC once, is encrypted once
 * for those who asked for SRTP, framed once for TCP, and handed to all.
 */
export class RtspFanout implements Fanout {
  readonly senders: readonly TrackSender[];
  readonly #interleaved = new Map<string, InterleavedFanout>();
  /** By track id, then by pair of sockets. */
  readonly #datagram: Map<UdpPair, { readonly secure: boolean; readonly fanout: DatagramFanout }>[];
  /** Those of `keys`. */
  readonly #srtp: readonly SrtpSender[] | null;
  /** Null before the first unit. */
  #reportedAt: number | null = null;
  /** Units without packets that came while nobody read: they have no numbers. */
  readonly #passedOver = new WeakSet<Unit>();

  constructor(
    private readonly stream: Stream,
    cname: string,
    /** By media index; null on a server without TLS. Closed with the fanout. */
    readonly keys: readonly KeyedSender[] | null,
  ) {
    this.#srtp = keys && keys.map(({ sender }) => sender);
    this.senders = stream.tracks.map((track) =>
      new TrackSender(track, cname, this.#srtp?.[track.mediaIndex] ?? null)
    );
    this.#datagram = stream.tracks.map(() => new Map());
  }

  write(units: readonly Unit[], now: number): void {
    const idle = !this.#hasReaders;
    for (const unit of units) {
      // Without readers nobody needs packets to be made; those that came are counted for the next one's RTP-Info.
      if (!idle || unit.hasPackets) this.senders[unit.track.id].sent(unit, now);
      else this.#passedOver.add(unit);
    }
    if (idle) return;
    const wires = units.map((unit) => this.#wire(unit));
    for (const fanout of this.#interleaved.values()) {
      const sent = fanout.write(wires);
      this.stream.countOutbound(sent.bytes * fanout.sinks.size, sent.units * fanout.sinks.size);
    }
    for (const wire of wires) {
      for (const { secure, fanout } of this.#datagram[wire.unit.track.id].values()) {
        const batch = secure ? wire.protected : wire.plain;
        if (batch.sizes.length === 0) continue;
        fanout.write(batch);
        this.stream.countOutbound(batch.bytes.length * fanout.size, fanout.size);
      }
    }
    if (this.#reportedAt === null) this.#reportedAt = now;
    else if (hasPassed(reportPeriodMs, this.#reportedAt, now)) this.#writeReports(now);
  }

  /**
   * Makes the packets of units that a reader is about to get, and numbers them, in their order: for those that came
   * while nobody read. Whoever plays already has been sent everything, so that all have their numbers then.
   */
  prepare(units: readonly Unit[], now: number): void {
    if (this.#hasReaders) return;
    for (const sender of this.senders) {
      const own = units.filter((unit) => unit.track === sender.track);
      const first = own.findIndex((unit) => this.#passedOver.has(unit));
      if (first < 0 && sender.begun) continue;
      // Those before have numbers that fit, unless something after the gap has been numbered already.
      const whole = !sender.begun || own.slice(first).some((unit) => !this.#passedOver.has(unit));
      for (const unit of whole ? own : own.slice(first)) {
        sender.sent(unit, now);
        this.#passedOver.delete(unit);
      }
    }
  }

  close(): void {
    for (const sender of this.#srtp ?? []) sender.close();
  }

  get #hasReaders(): boolean {
    return this.#interleaved.size > 0 || this.#datagram.some((pairs) => pairs.size > 0);
  }

  #wire(unit: Unit): UnitWire {
    const { id, mediaIndex } = unit.track;
    const sender = this.senders[id];
    return new UnitWire(unit, sender.ssrc, sender.sequenceOffset(unit), this.#srtp?.[mediaIndex] ?? null);
  }

  #writeReports(now: number): void {
    this.#reportedAt = now;
    for (const { track, report } of this.#reports(now)) {
      for (const fanout of this.#interleaved.values()) {
        fanout.writeReport(track.id, this.#protectReport(track, report, fanout.secure));
      }
      for (const { secure, fanout } of this.#datagram[track.id].values()) {
        fanout.writeReport(this.#protectReport(track, report, secure));
      }
    }
  }

  #protectReport(track: Track, report: Uint8Array, secure: boolean): Uint8Array {
    return secure ? this.#srtp![track.mediaIndex].protectRtcp(report) : report;
  }

  /**
   * A TCP reader. It gets sender reports first, so that its tracks are in step from the start, then what is cached,
   * then what comes. Its packets are counted by its sink.
   */
  addInterleaved(
    channels: ChannelMap,
    secure: boolean,
    sink: Sink,
    cached: readonly Unit[],
    now: number,
  ): RtspSeat {
    const key = `${secure ? "srtp" : "rtp"}:${channels.join(",")}`;
    let fanout = this.#interleaved.get(key);
    if (fanout === undefined) {
      const hasVideo = this.stream.tracks.some((track) => track.isVideo && channels[track.id] >= 0);
      fanout = new InterleavedFanout(channels, secure, hasVideo);
      this.#interleaved.set(key, fanout);
    }
    let reports = 0;
    let bytes = 0;
    for (const { track, report } of this.#reports(now)) {
      const size = fanout.writeReportTo(sink, track.id, this.#protectReport(track, report, secure));
      if (size === 0) continue;
      reports++;
      bytes += size;
    }
    for (const chunk of fanout.chunks(cached.map((unit) => this.#wire(unit)))) sink.push(chunk);
    const joined = fanout;
    reports -= joined.reports;
    bytes -= joined.reportBytes;
    joined.sinks.add(sink);
    return {
      sent: () => ({
        packets: 0,
        bytes: bytes + joined.reportBytes,
        reports: reports + joined.reports,
      }),
      leave: () => {
        joined.sinks.delete(sink);
        if (joined.sinks.size === 0) this.#interleaved.delete(key);
      },
    };
  }

  #reports(now: number): { readonly track: Track; readonly report: Uint8Array }[] {
    return this.senders.flatMap((sender) => {
      const report = sender.report(now);
      return report === null ? [] : [{ track: sender.track, report }];
    });
  }

  /** The same for a UDP reader, or a multicast group, of one media section. */
  addDatagram(member: UdpMember, cached: readonly Unit[], now: number): RtspSeat {
    const { trackIds, secure, pair, rtp, rtcp } = member;
    const first = { packets: 0, bytes: 0, reports: 0 };
    for (const { track, report } of this.#reports(now)) {
      if (!trackIds.includes(track.id)) continue;
      const bytes = this.#protectReport(track, report, secure);
      pair.rtcp.send({ bytes, sizes: [bytes.length] }, rtcp);
      first.reports++;
      first.bytes += bytes.length;
    }
    for (const unit of cached) {
      if (!trackIds.includes(unit.track.id)) continue;
      const wire = this.#wire(unit);
      const batch = secure ? wire.protected : wire.plain;
      pair.rtp.send(batch, rtp);
      first.packets += batch.sizes.length;
      first.bytes += batch.bytes.length;
    }
    const joined = trackIds.map((id) => {
      let entry = this.#datagram[id].get(pair);
      if (entry === undefined) {
        this.#datagram[id].set(pair, entry = { secure, fanout: new DatagramFanout(pair) });
      }
      const { fanout } = entry;
      return { id, fanout, before: fanout.sent, leave: fanout.add(rtp, rtcp) };
    });
    const sent = () =>
      joined.reduce((sum, { fanout, before }) => addSent(sum, fanout.sent, before), first as RtspSent);
    const leave = () => {
      for (const { id, fanout, leave } of joined) {
        leave();
        if (fanout.size === 0) this.#datagram[id].delete(pair);
      }
    };
    return { sent, leave };
  }
}

/** A reader's place. */
export interface RtspSeat {
  /** Without what a sink counts. */
  sent(): RtspSent;
  leave(): void;
}

/** `sum` and what has been sent since `before`. */
export function addSent(sum: RtspSent, sent: RtspSent, before: RtspSent = nothingSent): RtspSent {
  return {
    packets: sum.packets + sent.packets - before.packets,
    bytes: sum.bytes + sent.bytes - before.bytes,
    reports: sum.reports + sent.reports - before.reports,
  };
}

export const nothingSent: RtspSent = { packets: 0, bytes: 0, reports: 0 };
