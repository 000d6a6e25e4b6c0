import { ParseError } from "../../../../base/errors.ts";
import type { PacketCrypto } from "../../../../base/packet_crypto.ts";
import { hasPassed } from "../../../../base/time.ts";
import type { PacketBatch } from "../../../../net/udp/socket.ts";
import { isRtcp, parseRtcp, type RtcpMessage, serializeRtcp } from "../../../../rtp/rtcp/compound.ts";
import type { ReportBlock } from "../../../../rtp/rtcp/report_block.ts";
import type { SenderReport } from "../../../../rtp/rtcp/sender_report.ts";
import {
  createSrtpReceiver,
  createSrtpSender,
  type RtpRewrite,
  type SrtpBatch,
  type SrtpReceiver,
  type SrtpSender,
} from "../../../../rtp/srtp/mod.ts";
import type { Unit } from "../../../../stream/unit.ts";
import type { NegotiatedMedia, SrtpKeys } from "../../contracts.ts";
import { KeyFrameWishes } from "./key_frame_wishes.ts";
import { ReaderTrack } from "./reader_track.ts";
import type { TrackSender, UnitPackets } from "./track_sender.ts";

/** Sender reports: browsers need one of each track before they can put sound and picture in step. */
const reportPeriodMs = 1000;
/** While a reader waits for a key frame the request is repeated, as it or its answer may have been lost. */
const keyFrameRepeatMs = 1000;
const maxRoundTripMs = 10_000;
/** Of all tracks: several seconds. */
const maxRememberedReports = 16;

/** What a reader is made of. */
export interface ReaderOptions {
  /** As negotiated: each section has one codec and the id of the track that it carries. */
  readonly medias: readonly NegotiatedMedia[];
  readonly keys: SrtpKeys;
  readonly crypto: PacketCrypto;
  /** `IceSession.room`. */
  readonly room: (size: number) => Uint8Array;
  /** `IceSession.send`. */
  readonly send: (batch: PacketBatch) => void;
  /** KLV units, where a data channel was negotiated. */
  readonly onData?: (bytes: Uint8Array) => void;
  /** The reader cannot go on, for this reason; called once at the most. It must then be closed by its session. */
  readonly onError: (reason: string) => void;
}

/** Counters since the reader was made. */
export interface ReaderStats {
  readonly outboundBytes: number;
  readonly outboundRTPPackets: number;
  readonly outboundRTCPPackets: number;
  /** Units that were left out. */
  readonly outboundFramesDiscarded: number;
  readonly inboundBytes: number;
  readonly inboundRTCPPackets: number;
  readonly packetsReportedLost: number;
  readonly roundTripMs: number | null;
}

/** What a reader needs of its fanout. */
export interface ReaderHost {
  readonly cname: string;
  trackSender(trackId: number): TrackSender;
  requestKeyFrame(now: number): void;
  remove(reader: WebrtcReader): void;
}

/** One reader of a stream: encrypts, sends, repeats, reports. Made by `WebrtcFanout.addReader`, closed by its session. */
export class WebrtcReader {
  readonly #options: ReaderOptions;
  readonly #sender: SrtpSender;
  readonly #receiver: SrtpReceiver;
  /** By track id. */
  readonly #tracks = new Map<number, ReaderTrack>();
  readonly #wishes = new KeyFrameWishes();
  /** Ticks have nothing to do for so long after `#tickedAt`. */
  #restMs = 0;
  #tickedAt = 0;
  #reportedAt = -Infinity;
  #askedAt = -Infinity;
  /** When the last reports were sent, by the middle of their NTP times: what receivers give back. */
  readonly #reports = new Map<number, number>();
  #closed = false;
  #bytes = 0;
  #rtp = 0;
  #rtcp = 0;
  #discarded = 0;
  #inboundBytes = 0;
  #inboundRtcp = 0;
  #roundTripMs: number | null = null;

  constructor(private readonly host: ReaderHost, options: ReaderOptions) {
    const { keys, crypto, medias } = options;
    const { profile, local, remote } = keys;
    this.#options = options;
    this.#sender = createSrtpSender({ profile, ...local, crypto });
    this.#receiver = createSrtpReceiver({ profile, ...remote, crypto });
    for (const media of medias) {
      if (media.trackId === null) continue;
      const track = new ReaderTrack(
        host.trackSender(media.trackId),
        media,
        (batch, rewrite) => this.#send(batch, rewrite),
      );
      this.#tracks.set(media.trackId, track);
    }
  }

  /** Gives the bytes that were sent. */
  #send(batch: SrtpBatch, rewrite: RtpRewrite | null): number {
    const sealed = this.#sender.protect(batch, rewrite, this.#options.room);
    this.#rtp += sealed.sizes.length;
    this.#bytes += sealed.bytes.length;
    this.#options.send(sealed);
    return sealed.bytes.length;
  }

  /** Sends reports and what is cached; asks for a key frame when nothing is. */
  start(cached: readonly Unit[], now: number): void {
    for (const track of this.#tracks.values()) track.start(cached, now);
    this.tick(now);
  }

  /** A live unit. Gives the bytes that were sent for it. */
  push(live: UnitPackets): number {
    if (this.#wishes.isOpen && live.unit.repairs) this.#wishes.served();
    const track = this.#tracks.get(live.unit.track.id);
    if (track === undefined) return 0;
    const sent = track.push(live);
    if (track.waiting) this.#restMs = 0;
    return sent;
  }

  /** A unit that no reader of its track can be sent. */
  leaveOut(unit: Unit): void {
    if (this.#tracks.has(unit.track.id)) this.#discarded++;
  }

  has(trackId: number): boolean {
    return this.#tracks.has(trackId);
  }

  pushData(bytes: Uint8Array): void {
    this.#options.onData?.(bytes);
  }

  get wantsData(): boolean {
    return this.#options.onData !== undefined;
  }

  /** What the reader has sent, encrypted: reports and requests. */
  receive(datagrams: readonly Uint8Array[], now: number): void {
    if (this.#closed) return;
    for (const datagram of datagrams) {
      this.#inboundBytes += datagram.length;
      if (!isRtcp(datagram)) continue;
      const result = this.#receiver.unprotectRtcp(datagram);
      if (result.kind === "refused") continue;
      this.#inboundRtcp++;
      try {
        for (const message of parseRtcp(result.bytes)) this.#handle(message, now);
      } catch (error) {
        // A message that makes no sense is as good as none.
        if (!(error instanceof ParseError)) throw error;
      }
    }
  }

  #handle(message: RtcpMessage, now: number): void {
    switch (message.kind) {
      case "receiverReport":
      case "senderReport":
        for (const block of message.reports) this.#handleReport(block, now);
        break;
      case "nack":
        this.#find(message.mediaSsrc)?.resend(message.sequences, now);
        break;
      case "pli":
      case "fir":
        if (this.#wishes.ask(now)) this.host.requestKeyFrame(now);
        else this.#restMs = 0;
        break;
      default:
    }
  }

  #find(ssrc: number): ReaderTrack | undefined {
    for (const track of this.#tracks.values()) if (track.sender.ssrc === ssrc) return track;
    return undefined;
  }

  #rememberReport({ ntpSeconds, ntpFraction }: SenderReport, now: number): void {
    this.#reports.set((ntpSeconds << 16 | ntpFraction >>> 16) >>> 0, now);
    if (this.#reports.size <= maxRememberedReports) return;
    for (const oldest of this.#reports.keys()) {
      this.#reports.delete(oldest);
      return;
    }
  }

  /**
   * RFC 3550 §6.4.1: the round trip is what remains of the time since our report. The time inside of the report says
   * nothing about when it was sent: it is the stream's, which may be behind ours.
   */
  #handleReport(block: ReportBlock, now: number): void {
    const track = this.#find(block.ssrc);
    if (track === undefined) return;
    track.addReport(block);
    const sentAt = this.#reports.get(block.lastSenderReport);
    if (sentAt === undefined) return;
    const ms = now - sentAt - block.delaySinceLastSenderReport / 65.536;
    if (ms < 0 || ms > maxRoundTripMs) return;
    this.#roundTripMs = ms;
    for (const each of this.#tracks.values()) each.budget.roundTripMs = ms;
  }

  /** To be called about every 20 ms, by the timer of the server. */
  tick(now: number): void {
    if (this.#closed || !hasPassed(this.#restMs, this.#tickedAt, now)) return;
    this.#tickedAt = now;
    let waiting = false;
    let busy = false;
    for (const track of this.#tracks.values()) {
      track.tick(now);
      waiting ||= track.waiting;
      busy ||= track.busy;
    }
    if (this.#wishes.isDue(now)) this.host.requestKeyFrame(now);
    if (waiting && hasPassed(keyFrameRepeatMs, this.#askedAt, now)) {
      this.#askedAt = now;
      this.host.requestKeyFrame(now);
    }
    if (hasPassed(reportPeriodMs, this.#reportedAt, now)) this.#sendReports(now);
    this.#restMs = busy || this.#wishes.isOpen ? 0 : Math.max(0, this.#reportedAt + reportPeriodMs - now);
  }

  #sendReports(now: number): void {
    const messages: RtcpMessage[] = [];
    const chunks: { ssrc: number; cname: string }[] = [];
    for (const track of this.#tracks.values()) {
      const report = track.report(now);
      if (report === null) continue;
      messages.push(report);
      this.#rememberReport(report, now);
      chunks.push({ ssrc: report.ssrc, cname: this.host.cname });
    }
    if (messages.length === 0) return;
    this.#reportedAt = now;
    messages.push({ kind: "sourceDescription", chunks });
    const bytes = this.#sender.protectRtcp(serializeRtcp(messages));
    this.#rtcp++;
    this.#bytes += bytes.length;
    this.#options.send({ bytes, sizes: [bytes.length] });
  }

  /** Tells the session; it closes the reader. */
  fail(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.onError(reason);
  }

  get stats(): ReaderStats {
    let discarded = this.#discarded;
    let lost = 0;
    for (const track of this.#tracks.values()) {
      discarded += track.discarded;
      lost += track.reportedLost;
    }
    return {
      outboundBytes: this.#bytes,
      outboundRTPPackets: this.#rtp,
      outboundRTCPPackets: this.#rtcp,
      outboundFramesDiscarded: discarded,
      inboundBytes: this.#inboundBytes,
      inboundRTCPPackets: this.#inboundRtcp,
      packetsReportedLost: lost,
      roundTripMs: this.#roundTripMs,
    };
  }

  /** Gives the place in the fanout up. May be called any number of times. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.host.remove(this);
    this.#sender.close();
    this.#receiver.close();
  }
}
