import { errorText, ParseError } from "../../base/errors.ts";
import { errorsLine, RateLimitedReport } from "../../base/rate_limited.ts";
import type { PathConf } from "../../conf/mod.ts";
import type { PathAccess, PublisherSeat } from "../../paths/mod.ts";
import { parseRtcp } from "../../rtp/rtcp/compound.ts";
import type { SenderReport } from "../../rtp/rtcp/sender_report.ts";
import type { Unprotected } from "../../rtp/srtp/mod.ts";
import type { DescribedMedia } from "../../sdp/medias.ts";
import type { Sink } from "../../stream/sink.ts";
import { StreamClock } from "../../stream/timestamps.ts";
import type { Unit } from "../../stream/unit.ts";
import type { RtspContext } from "./context.ts";
import { IngestSection } from "./ingest_section.ts";
import { IngestTrack } from "./ingest_track.ts";
import type { MediaSetup } from "./media_setup.ts";
import type { RtspSession } from "./session.ts";
import { findControl } from "./wire/control.ts";
import { serializeInterleaved } from "./wire/interleaved.ts";
import type { RtspUrl } from "./wire/url.ts";

/** RFC 3550 §6.2 asks for about 5 s; publishers use the reports for their own statistics only. */
const reportPeriodMs = 10_000;
/** An RTP packet with nothing in it, and an empty receiver report: they open firewalls between us and a publisher. */
const emptyRtp = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const emptyReport = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0);

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
  rtpPackets = 0;
  rtpPacketsInError = 0;
  rtcpPackets = 0;
  rtcpPacketsInError = 0;

  readonly #options: PublishingOptions;
  readonly #errors: RateLimitedReport;
  readonly #lost: RateLimitedReport;
  readonly #units: Unit[] = [];
  #seat: PublisherSeat | null = null;
  #sink: Sink | null = null;
  #setups: readonly MediaSetup[] = [];
  /** By media index. */
  #sections: ReadonlyMap<number, IngestSection> = new Map();
  #nextReport = 0;

  constructor(options: PublishingOptions) {
    this.#options = options;
    const { logger } = options.session;
    this.#errors = new RateLimitedReport(logger, errorsLine("decode error"));
    this.#lost = new RateLimitedReport(
      logger,
      (count) => `${count} RTP ${count === 1 ? "packet" : "packets"} lost`,
    );
  }

  get medias(): readonly DescribedMedia[] {
    return this.#options.medias;
  }

  get tracks(): readonly IngestTrack[] {
    return [...this.#sections.values()].flatMap((section) => section.tracks);
  }

  /** The media section that a SETUP URL names. */
  findMedia(url: RtspUrl): number | null {
    return findControl(this.medias.map((media) => media.control ?? ""), this.#options.url, url);
  }

  /** Becomes the publisher of the path. `sink`: of the connection, for reports over TCP. */
  async record(setups: readonly MediaSetup[], sink: Sink): Promise<void> {
    const { context, session, access, conf } = this.#options;
    this.#seat = await context.pathManager.addPublisher(access, session, this.medias, conf);
    const now = Date.now();
    this.lastPacketAt = now;
    this.#nextReport = now + reportPeriodMs;
    this.#sink = sink;
    this.#setups = setups;
    this.#createSections();
    for (const setup of setups) this.#openFirewall(setup);
  }

  #createSections(): void {
    const { stream, conf } = this.#seat!;
    const { session } = this.#options;
    const clock = new StreamClock();
    const tracks = new Map<number, Map<number, IngestTrack>>();
    for (const track of stream.tracks) {
      const formats = tracks.get(track.mediaIndex) ?? new Map<number, IngestTrack>();
      tracks.set(track.mediaIndex, formats);
      formats.set(
        track.payloadType,
        new IngestTrack({
          track,
          clock,
          units: this.#units,
          useAbsoluteTimestamp: conf.useAbsoluteTimestamp,
          onError: (text, now) => this.#errors.report(now, text),
          onRemux: (reason) => session.logger.info(reason),
        }),
      );
    }
    const reorder = session.delivery !== "tcp";
    const onLost = (count: number, now: number) => this.#lost.report(now, "", count);
    this.#sections = new Map(
      Array.from(
        tracks,
        ([mediaIndex, formats]) => [mediaIndex, new IngestSection(formats, reorder, onLost)],
      ),
    );
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
    this.lastPacketAt = now;
    this.rtpPackets++;
    try {
      const plain = setup.srtp === null ? bytes : accepted(setup.srtp.receiver.unprotect(bytes));
      this.#sections.get(setup.mediaIndex)!.receive(plain, now);
    } catch (error) {
      this.rtpPacketsInError++;
      this.#reportError(error, now);
    }
  }

  receiveRtcp(setup: MediaSetup, bytes: Uint8Array, now: number): void {
    this.lastPacketAt = now;
    this.rtcpPackets++;
    try {
      const plain = setup.srtp === null ? bytes : accepted(setup.srtp.receiver.unprotectRtcp(bytes));
      for (const message of parseRtcp(plain)) {
        if (message.kind === "senderReport") this.#receiveReport(setup.mediaIndex, message, now);
      }
    } catch (error) {
      this.rtcpPacketsInError++;
      this.#reportError(error, now);
    }
  }

  /** For the track it is about; for all of its section when there is none: cameras write wrong SSRCs. */
  #receiveReport(mediaIndex: number, report: SenderReport, now: number): void {
    const { tracks } = this.#sections.get(mediaIndex)!;
    const meant = tracks.filter((track) => track.reception.ssrc === report.ssrc);
    for (const track of meant.length > 0 ? meant : tracks) track.receiveReport(report, now);
  }

  #reportError(error: unknown, now: number): void {
    if (!(error instanceof ParseError)) throw error;
    this.#errors.report(now, errorText(error));
  }

  /** Everything that arrived together has been received: hands the finished units to the stream. */
  flush(now: number): void {
    if (this.#units.length > 0) this.#seat?.stream.write(this.#units.splice(0), now);
  }

  /** Receiver reports, when it is time for them. */
  sendReports(now: number): void {
    if (now < this.#nextReport) return;
    this.#nextReport = now + reportPeriodMs;
    for (const setup of this.#setups) {
      for (const track of this.#sections.get(setup.mediaIndex)!.tracks) {
        const report = track.report(now);
        if (report !== null) this.#sendReport(setup, report);
      }
    }
  }

  #sendReport(setup: MediaSetup, report: Uint8Array): void {
    const bytes = setup.srtp === null ? report : setup.srtp.sender.protectRtcp(report);
    if (setup.delivery === "tcp") {
      this.#sink?.pushControl(serializeInterleaved(setup.channel + 1, bytes), Date.now());
    } else if (setup.delivery === "udp") {
      this.#options.context.udp!.pair.rtcp.send({ bytes, sizes: [bytes.length] }, setup.rtcp);
    }
  }

  /** Takes the stream away; `record` may bring it back. */
  leave(): void {
    const seat = this.#seat;
    this.#seat = null;
    this.#sink = null;
    this.#sections = new Map();
    this.#units.length = 0;
    seat?.leave();
  }
}

/** The plain packet. Throws ParseError when it is not to be trusted. */
function accepted(result: Unprotected): Uint8Array {
  if (result.kind === "refused") throw new ParseError("SRTP", result.reason);
  return result.bytes;
}
