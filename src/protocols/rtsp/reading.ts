import { ParseError } from "../../base/errors.ts";
import type { ReaderSeat } from "../../paths/mod.ts";
import { parseRtcp } from "../../rtp/rtcp/compound.ts";
import type { ReportBlock } from "../../rtp/rtcp/report_block.ts";
import type { Sink, SinkStats } from "../../stream/sink.ts";
import type { Track } from "../../stream/track.ts";
import type { Unit } from "../../stream/unit.ts";
import type { RtspContext } from "./context.ts";
import type { RtspSent } from "./fanout/datagram.ts";
import { addSent, nothingSent, type RtspSeat } from "./fanout/rtsp_fanout.ts";
import type { MediaSetup } from "./media_setup.ts";
import type { StreamState } from "./stream_state.ts";

/** The side of a session that reads: its seat in the path and, while it plays, its places in the fanouts. */
export class Reading {
  lastPacketAt = 0;
  reportedLost = 0;
  reportsReceived = 0;
  reportsInError = 0;
  #stop: (() => void) | null = null;
  #seats: RtspSeat[] = [];
  /** Of the connection that carries the media, while it plays. */
  #carrier: { readonly sink: Sink; readonly before: SinkStats } | null = null;
  #sentBefore: RtspSent = nothingSent;
  #discardedBefore = 0;
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

  /** Units that a reader is sent before the live ones, with packets: with `gopCache: yes` on its path. */
  prepareCached(now: number): readonly Unit[] {
    if (this.seat.conf.gopCache !== "yes") return [];
    const units = this.seat.stream.cachedUnits;
    this.state.fanout.prepare(units, now);
    return units;
  }

  /** `sink` is that of the connection, for interleaved media. Throws UserError when a UDP port is taken. */
  play(setups: readonly MediaSetup[], sink: Sink, now: number): void {
    this.lastPacketAt = now;
    const undo: (() => void)[] = [];
    this.#stop = () => {
      for (const step of undo.splice(0).reverse()) step();
    };
    const cached = this.prepareCached(now);
    const channels = this.seat.stream.tracks.map(() => -1);
    let secure = false;
    for (const setup of setups) {
      const tracks = this.tracks(setup.mediaIndex);
      if (setup.delivery === "tcp") {
        for (const track of tracks) channels[track.id] = setup.channel;
        secure = setup.srtp !== null;
      } else {
        const seat = this.#joinUdp(setup, tracks.map((track) => track.id), cached, now);
        this.#seats.push(seat);
        undo.push(() => seat.leave());
      }
    }
    undo.push(this.seat.playing());
    if (channels.some((channel) => channel >= 0)) {
      this.#carrier = { sink, before: sink.stats };
      const seat = this.state.fanout.addInterleaved(channels, secure, sink, cached, now);
      this.#seats.push(seat);
      undo.push(() => seat.leave());
    }
  }

  #joinUdp(
    setup: Exclude<MediaSetup, { delivery: "tcp" }>,
    trackIds: readonly number[],
    cached: readonly Unit[],
    now: number,
  ): RtspSeat {
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

  /** Since the first PLAY. */
  get sent(): RtspSent {
    const sum = this.#seats.reduce((sum, seat) => addSent(sum, seat.sent()), this.#sentBefore);
    if (this.#carrier === null) return sum;
    const { sink, before } = this.#carrier;
    const { packetsSent, mediaBytesSent } = sink.stats;
    return {
      packets: sum.packets + packetsSent - before.packetsSent,
      bytes: sum.bytes + mediaBytesSent - before.mediaBytesSent,
      reports: sum.reports,
    };
  }

  /** RTP packets that were dropped because the reader is too slow. */
  get packetsDiscarded(): number {
    if (this.#carrier === null) return this.#discardedBefore;
    const { sink, before } = this.#carrier;
    return this.#discardedBefore + sink.stats.packetsDiscarded - before.packetsDiscarded;
  }

  pause(): void {
    this.#sentBefore = this.sent;
    this.#discardedBefore = this.packetsDiscarded;
    this.#stop?.();
    this.#stop = null;
    this.#seats = [];
    this.#carrier = null;
  }

  /** Readers send nothing but reports. */
  receiveRtcp(setup: MediaSetup, bytes: Uint8Array, now: number): void {
    let plain = bytes;
    if (setup.srtp !== null) {
      const result = setup.srtp.receiver.unprotectRtcp(bytes);
      if (result.kind === "refused") {
        this.reportsInError++;
        return;
      }
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
      this.reportsInError++;
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
