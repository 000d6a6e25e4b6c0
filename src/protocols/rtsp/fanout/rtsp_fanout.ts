import type { NetAddress } from "../../../net/address.ts";
import type { SrtpSender } from "../../../rtp/srtp/mod.ts";
import type { Fanout } from "../../../stream/fanout.ts";
import type { Sink } from "../../../stream/sink.ts";
import type { Stream } from "../../../stream/stream.ts";
import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";
import { DatagramFanout, type UdpPair } from "./datagram.ts";
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
  #nextReport = 0;

  constructor(
    private readonly stream: Stream,
    cname: string,
    /** By media index; absent on a server without TLS. */
    private readonly srtp: readonly SrtpSender[] | null,
  ) {
    this.senders = stream.tracks.map((track) =>
      new TrackSender(track, cname, srtp?.[track.mediaIndex] ?? null)
    );
    this.#datagram = stream.tracks.map(() => new Map());
  }

  write(units: readonly Unit[], now: number): void {
    const idle = !this.#hasReaders;
    for (const unit of units) {
      // Without readers nobody needs packets to be made; those that came are counted for the next one's RTP-Info.
      if (!idle || unit.hasPackets) this.senders[unit.track.id].sent(unit, now);
    }
    if (idle) return;
    const wires = units.map((unit) => this.#wire(unit));
    for (const fanout of this.#interleaved.values()) {
      const sent = fanout.write(wires, now);
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
    if (now >= this.#nextReport) this.#writeReports(now);
  }

  close(): void {
    for (const sender of this.srtp ?? []) sender.close();
  }

  get #hasReaders(): boolean {
    return this.#interleaved.size > 0 || this.#datagram.some((pairs) => pairs.size > 0);
  }

  #wire(unit: Unit): UnitWire {
    const { id, mediaIndex } = unit.track;
    const sender = this.senders[id];
    return new UnitWire(unit, sender.ssrc, sender.sequenceOffset(unit), this.srtp?.[mediaIndex] ?? null);
  }

  #writeReports(now: number): void {
    if (this.#nextReport !== 0) {
      for (const { track, report } of this.#reports(now)) {
        for (const fanout of this.#interleaved.values()) {
          fanout.writeReport(track.id, this.#protectReport(track, report, fanout.secure), now);
        }
        for (const { secure, fanout } of this.#datagram[track.id].values()) {
          fanout.writeReport(this.#protectReport(track, report, secure));
        }
      }
    }
    this.#nextReport = now + reportPeriodMs;
  }

  #protectReport(track: Track, report: Uint8Array, secure: boolean): Uint8Array {
    return secure ? this.srtp![track.mediaIndex].protectRtcp(report) : report;
  }

  /**
   * A TCP reader. It gets sender reports first, so that its tracks are in step from the start, then what is cached,
   * then what comes.
   * Returns the undo.
   */
  addInterleaved(
    channels: ChannelMap,
    secure: boolean,
    sink: Sink,
    cached: readonly Unit[],
    now: number,
  ): () => void {
    const key = `${secure ? "srtp" : "rtp"}:${channels.join(",")}`;
    let fanout = this.#interleaved.get(key);
    if (fanout === undefined) {
      const hasVideo = this.stream.tracks.some((track) => track.isVideo && channels[track.id] >= 0);
      fanout = new InterleavedFanout(channels, secure, hasVideo);
      this.#interleaved.set(key, fanout);
    }
    for (const { track, report } of this.#reports(now)) {
      fanout.writeReport(track.id, this.#protectReport(track, report, secure), now, [sink]);
    }
    for (const chunk of fanout.chunks(cached.map((unit) => this.#wire(unit)))) sink.push(chunk, now);
    const joined = fanout;
    joined.sinks.add(sink);
    return () => {
      joined.sinks.delete(sink);
      if (joined.sinks.size === 0) this.#interleaved.delete(key);
    };
  }

  #reports(now: number): { readonly track: Track; readonly report: Uint8Array }[] {
    return this.senders.flatMap((sender) => {
      const report = sender.report(now);
      return report === null ? [] : [{ track: sender.track, report }];
    });
  }

  /** The same for a UDP reader, or a multicast group, of one media section. */
  addDatagram(member: UdpMember, cached: readonly Unit[], now: number): UdpSeat {
    const { trackIds, secure, pair, rtp, rtcp } = member;
    for (const { track, report } of this.#reports(now)) {
      if (!trackIds.includes(track.id)) continue;
      const bytes = this.#protectReport(track, report, secure);
      pair.rtcp.send({ bytes, sizes: [bytes.length] }, rtcp);
    }
    for (const unit of cached) {
      if (!trackIds.includes(unit.track.id)) continue;
      const wire = this.#wire(unit);
      pair.rtp.send(secure ? wire.protected : wire.plain, rtp);
    }
    const joined = trackIds.map((id) => {
      let entry = this.#datagram[id].get(pair);
      if (entry === undefined) {
        this.#datagram[id].set(pair, entry = { secure, fanout: new DatagramFanout(pair) });
      }
      const { fanout } = entry;
      return { id, fanout, before: fanout.sent, leave: fanout.add(rtp, rtcp) };
    });
    const sent = () => {
      let packets = 0;
      let bytes = 0;
      for (const { fanout, before } of joined) {
        packets += fanout.sent.packets - before.packets;
        bytes += fanout.sent.bytes - before.bytes;
      }
      return { packets, bytes };
    };
    const leave = () => {
      for (const { id, fanout, leave } of joined) {
        leave();
        if (fanout.size === 0) this.#datagram[id].delete(pair);
      }
    };
    return { sent, leave };
  }
}

export interface UdpSeat {
  sent(): { readonly packets: number; readonly bytes: number };
  leave(): void;
}
