import { hasPassed } from "../../base/time.ts";
import { errorText, ParseError, UserError } from "../../base/errors.ts";
import type { PathConf } from "../../conf/mod.ts";
import type { PathAccess, PublisherSeat } from "../../paths/mod.ts";
import type { RtpMedia } from "../../rtp/format.ts";
import type { Unprotected } from "../../rtp/srtp/mod.ts";
import type { DescribedMedia } from "../../sdp/medias.ts";
import { type MpegtsFormat, mpegtsFormat, RtpReception } from "../../stream/rtp_reception.ts";
import type { Sink } from "../../stream/sink.ts";
import type { RtspContext } from "./context.ts";
import type { MediaSetup } from "./media_setup.ts";
import type { RtspSession } from "./session.ts";
import { addCounters, noCounters, type ReceptionCounters } from "./stats.ts";
import { emptyReport, emptyRtp } from "./wire/firewall.ts";
import { findControl } from "./wire/control.ts";
import { serializeInterleaved } from "./wire/interleaved.ts";
import type { RtspUrl } from "./wire/url.ts";

/** RFC 3550 §6.2 asks for about 5 s; publishers use the reports for their own statistics only. */
const reportPeriodMs = 10_000;

export interface PublishingOptions {
  readonly context: RtspContext;
  readonly session: RtspSession;
  readonly access: PathAccess;
  /** Of the ANNOUNCE request: control attributes are relative to it. */
  readonly url: RtspUrl;
  /** What the path was configured to when the client was authorised. */
  readonly conf: PathConf;
  readonly medias: readonly DescribedMedia[];
}

/** The side of a session that publishes: from ANNOUNCE on it knows the tracks, while it records it has a stream. */
export class Publishing {
  lastPacketAt = 0;
  /** Sent to the publisher, since ANNOUNCE. */
  reportsSent = 0;
  reportBytesSent = 0;

  readonly #options: PublishingOptions;
  #seat: PublisherSeat | null = null;
  #sink: Sink | null = null;
  #setups: readonly MediaSetup[] = [];
  #reception: RtpReception | null = null;
  #reportedAt = 0;
  /** Of what was recorded before a PAUSE. */
  #before: ReceptionCounters = noCounters;

  constructor(options: PublishingOptions) {
    this.#options = options;
  }

  get medias(): readonly DescribedMedia[] {
    return this.#options.medias;
  }

  /** Null until RECORD. */
  get reception(): RtpReception | null {
    return this.#reception;
  }

  /** Since ANNOUNCE. */
  get received(): ReceptionCounters {
    const reception = this.#reception;
    return reception === null ? { ...this.#before, jitter: 0 } : addCounters(this.#before, reception);
  }

  /** What arrives is a transport stream that is to be taken apart. */
  get demuxes(): boolean {
    return this.#demuxed() !== null;
  }

  #demuxed(): MpegtsFormat | null {
    return this.#options.conf.rtspDemuxMpegts ? mpegtsFormat(this.medias) : null;
  }

  /** The media section that a SETUP URL names. */
  findMedia(url: RtspUrl): number | null {
    return findControl(this.medias.map((media) => media.control ?? ""), this.#options.url, url);
  }

  /** Becomes the publisher of the path. `sink`: of the connection, for reports over TCP. */
  async record(setups: readonly MediaSetup[], sink: Sink): Promise<void> {
    const { session, conf } = this.#options;
    const { logger } = session;
    const reorder = session.delivery !== "tcp";
    const demuxed = this.#demuxed();
    if (demuxed === null) {
      const seat = await this.#take(this.medias);
      const { useAbsoluteTimestamp } = conf;
      this.#reception = RtpReception.intoStream(seat.stream, { logger, reorder, useAbsoluteTimestamp });
    } else {
      logger.info("MPEG-TS demux mode enabled, starting demuxer...");
      this.#reception = RtpReception.intoDemuxer(demuxed, {
        logger,
        reorder,
        open: async (medias) => (await this.#take(medias)).stream,
        onFailure: (error) => session.close(errorText(error)),
      });
    }
    const now = Date.now();
    this.lastPacketAt = now;
    this.#reportedAt = now;
    this.#sink = sink;
    this.#setups = setups;
    for (const setup of setups) this.#openFirewall(setup);
  }

  async #take(medias: readonly RtpMedia[]): Promise<PublisherSeat> {
    const { context, session, access, conf } = this.#options;
    const seat = await context.pathManager.addPublisher(access, session, medias, conf);
    if (session.closed) {
      seat.leave();
      throw new UserError("session is closed");
    }
    this.#seat = seat;
    return seat;
  }

  #openFirewall(setup: MediaSetup): void {
    if (setup.delivery !== "udp") return;
    const { pair } = this.#options.context.udp!;
    const sender = setup.srtp?.sender;
    const rtp = { bytes: emptyRtp, sizes: [emptyRtp.length] };
    pair.rtp.send(sender === undefined ? rtp : sender.protect(rtp), setup.rtp);
    this.#sendReport(setup, emptyReport);
  }

  receiveRtp(setup: MediaSetup, bytes: Uint8Array, now: number): void {
    const reception = this.#reception;
    if (reception === null) return;
    this.lastPacketAt = now;
    const plain = setup.srtp === null ? bytes : this.#accept(setup.srtp.receiver.unprotect(bytes), now);
    if (plain !== null) reception.receiveRtp(setup.mediaIndex, plain, now);
    else {
      reception.rtpPackets++;
      reception.rtpPacketsInError++;
    }
  }

  receiveRtcp(setup: MediaSetup, bytes: Uint8Array, now: number): void {
    const reception = this.#reception;
    if (reception === null) return;
    this.lastPacketAt = now;
    const plain = setup.srtp === null ? bytes : this.#accept(setup.srtp.receiver.unprotectRtcp(bytes), now);
    if (plain !== null) reception.receiveRtcp(setup.mediaIndex, plain, now);
    else {
      reception.rtcpPackets++;
      reception.rtcpPacketsInError++;
    }
  }

  /** The plain packet; null when it is not to be trusted. */
  #accept(result: Unprotected, now: number): Uint8Array | null {
    if (result.kind !== "refused") return result.bytes;
    this.#reception?.reportError(new ParseError("SRTP", result.reason), now);
    return null;
  }

  /** Everything that arrived together has been received: hands the finished units to the stream. */
  flush(now: number): void {
    this.#reception?.flush(now);
  }

  /** Receiver reports, when it is time for them. */
  sendReports(now: number): void {
    if (!hasPassed(reportPeriodMs, this.#reportedAt, now)) return;
    this.#reportedAt = now;
    for (const setup of this.#setups) {
      for (const report of this.#reception?.reports(setup.mediaIndex, now) ?? []) {
        this.#sendReport(setup, report);
      }
    }
  }

  #sendReport(setup: MediaSetup, report: Uint8Array): void {
    const bytes = setup.srtp === null ? report : setup.srtp.sender.protectRtcp(report);
    this.reportsSent++;
    this.reportBytesSent += bytes.length;
    if (setup.delivery === "tcp") {
      this.#sink?.pushControl(serializeInterleaved(setup.channel + 1, bytes));
    } else if (setup.delivery === "udp") {
      this.#options.context.udp!.pair.rtcp.send({ bytes, sizes: [bytes.length] }, setup.rtcp);
    }
  }

  /** Takes the stream away; `record` may bring it back. */
  leave(): void {
    this.#before = this.received;
    const seat = this.#seat;
    this.#seat = null;
    this.#sink = null;
    this.#reception?.close(Date.now());
    this.#reception = null;
    seat?.leave();
  }
}
