import { ParseError } from "../../base/errors.ts";
import type { ReaderSeat } from "../../paths/mod.ts";
import { parseRtcp } from "../../rtp/rtcp/compound.ts";
import type { ReportBlock } from "../../rtp/rtcp/report_block.ts";
import type { Sink } from "../../stream/sink.ts";
import type { Track } from "../../stream/track.ts";
import type { Unit } from "../../stream/unit.ts";
import type { RtspContext } from "./context.ts";
import type { UdpSeat } from "./fanout/rtsp_fanout.ts";
import type { MediaSetup } from "./media_setup.ts";
import type { StreamState } from "./stream_state.ts";

/** The side of a session that reads: its seat in the path and, while it plays, its places in the fanouts. */
export class Reading {
  lastPacketAt = 0;
  reportedLost = 0;
  reportsReceived = 0;
  #stop: (() => void) | null = null;
  #udp: UdpSeat[] = [];
  #sentBefore = { packets: 0, bytes: 0 };
  readonly #lost = new Map<number, number>();

  constructor(
    private readonly context: RtspContext,
    readonly seat: ReaderSeat,
    readonly state: StreamState,
  ) {}

  /** The tracks of one media section. */
  tracks(mediaIndex: number): Track[] {
    return this.seat.stream.tracks.filter((track) => track.mediaIndex === mediaIndex);
  }

  get playing(): boolean {
    return this.#stop !== null;
  }

  /** Units that a reader is sent before the live ones: with `gopCache: yes` on its path. */
  get cachedUnits(): readonly Unit[] {
    if (this.seat.conf.gopCache !== "yes") return [];
    const units = this.seat.stream.cachedUnits;
    // Packets made only now would be numbered after those that are already on their way to others.
    const sent = new Set(units.filter((unit) => unit.hasPackets).map((unit) => unit.track));
    return units.every((unit) => unit.hasPackets || !sent.has(unit.track)) ? units : [];
  }

  /** `sink` is that of the connection, for interleaved media. Throws UserError when a UDP port is taken. */
  play(setups: readonly MediaSetup[], sink: Sink, now: number): void {
    this.lastPacketAt = now;
    const undo: (() => void)[] = [];
    this.#stop = () => {
      for (const step of undo.splice(0).reverse()) step();
    };
    const cached = this.cachedUnits;
    const channels = this.seat.stream.tracks.map(() => -1);
    let secure = false;
    for (const setup of setups) {
      const tracks = this.tracks(setup.mediaIndex);
      if (setup.delivery === "tcp") {
        for (const track of tracks) channels[track.id] = setup.channel;
        secure = setup.srtp !== null;
      } else {
        const seat = this.#joinUdp(setup, tracks.map((track) => track.id), cached, now);
        this.#udp.push(seat);
        undo.push(() => seat.leave());
      }
    }
    undo.push(this.seat.playing());
    if (channels.some((channel) => channel >= 0)) {
      undo.push(this.state.fanout.addInterleaved(channels, secure, sink, cached, now));
    }
  }

  #joinUdp(
    setup: Exclude<MediaSetup, { delivery: "tcp" }>,
    trackIds: readonly number[],
    cached: readonly Unit[],
    now: number,
  ): UdpSeat {
    if (setup.delivery === "multicast") {
      return this.state.multicast!.play(setup.mediaIndex, trackIds, setup.group, now);
    }
    const { rtp, rtcp } = setup;
    const { pair } = this.context.udp!;
    return this.state.fanout.addDatagram(
      { trackIds, secure: setup.srtp !== null, pair, rtp, rtcp },
      cached,
      now,
    );
  }

  /** RTP and RTCP packets and bytes sent over UDP; TCP readers are counted by their sink. */
  get sentOverUdp(): { packets: number; bytes: number } {
    const sum = { ...this.#sentBefore };
    for (const seat of this.#udp) {
      const { packets, bytes } = seat.sent();
      sum.packets += packets;
      sum.bytes += bytes;
    }
    return sum;
  }

  pause(): void {
    this.#sentBefore = this.sentOverUdp;
    this.#stop?.();
    this.#stop = null;
    this.#udp = [];
  }

  /** Readers send nothing but reports. */
  receiveRtcp(setup: MediaSetup, bytes: Uint8Array, now: number): void {
    let plain = bytes;
    if (setup.srtp !== null) {
      const result = setup.srtp.receiver.unprotectRtcp(bytes);
      if (result.kind === "refused") return;
      plain = result.bytes;
    }
    this.lastPacketAt = now;
    this.reportsReceived++;
    try {
      for (const packet of parseRtcp(plain)) {
        if (packet.kind === "receiverReport") this.#countLosses(packet.reports);
      }
    } catch (error) {
      // What a reader reports does not touch the stream: a report that makes no sense is as good as none.
      if (!(error instanceof ParseError)) throw error;
    }
  }

  #countLosses(reports: readonly ReportBlock[]): void {
    for (const { ssrc, cumulativeLost } of reports) {
      if (cumulativeLost > 0 && this.state.fanout.senders.some((sender) => sender.ssrc === ssrc)) {
        this.#lost.set(ssrc, cumulativeLost);
      }
    }
    this.reportedLost = [...this.#lost.values()].reduce((sum, lost) => sum + lost, 0);
  }

  leave(): void {
    this.pause();
    this.seat.leave();
  }
}
