/** RTP and RTCP of a publisher or of a source of ours, section by section, into a stream. */
import { ParseError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { errorsLine, RateLimitedReport } from "../base/rate_limited.ts";
import type { RtpMedia } from "../rtp/format.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { lossText } from "../rtp/reception.ts";
import { parseRtcp } from "../rtp/rtcp/compound.ts";
import type { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { MpegtsIngest, type MpegtsIngestOptions } from "./mpegts_ingest.ts";
import { RtpSection } from "./rtp_section.ts";
import { RtpTarget, RtpTrack } from "./rtp_track.ts";
import type { Stream } from "./stream.ts";
import { StreamClock } from "./timestamps.ts";
import type { Unit } from "./unit.ts";

export interface RtpReceptionOptions {
  /** Gets warnings about lost packets and decode errors. */
  readonly logger: Logger;
  /** Packets may arrive out of order: UDP. */
  readonly reorder: boolean;
}

type Targets = ReadonlyMap<number, ReadonlyMap<number, RtpTarget>>;

/** What a stream, or a demuxer in front of it, is fed through. Sections have the numbers of `RtpMedia`s in their list. */
export class RtpReception {
  /** Packets so far, those in error included. */
  rtpPackets = 0;
  rtpPacketsInError = 0;
  rtcpPackets = 0;
  rtcpPacketsInError = 0;
  /** Packets that are missing for good. */
  rtpPacketsLost = 0;
  readonly #errors: RateLimitedReport;
  readonly #lost: RateLimitedReport;
  readonly #sections: ReadonlyMap<number, RtpSection>;

  private constructor(
    options: RtpReceptionOptions,
    create: (onError: (text: string, now: number) => void) => Targets,
    private readonly flushUnits: (now: number) => void,
    private readonly end: () => void,
  ) {
    const { logger, reorder } = options;
    this.#errors = new RateLimitedReport(logger, errorsLine("decode error"));
    this.#lost = new RateLimitedReport(logger, lossText);
    const onLost = (count: number, now: number) => {
      this.rtpPacketsLost += count;
      this.#lost.report(now, "", count);
    };
    const targets = create((text, now) => this.#errors.report(now, text));
    this.#sections = new Map(
      Array.from(targets, ([index, byType]) => [index, new RtpSection(byType, reorder, onLost)]),
    );
  }

  /** Into the tracks of a stream, unit by unit. `useAbsoluteTimestamp`: with the times of the sender. */
  static intoStream(
    stream: Stream,
    options: RtpReceptionOptions & { readonly useAbsoluteTimestamp: boolean },
  ): RtpReception {
    const { logger, useAbsoluteTimestamp } = options;
    const units: Unit[] = [];
    const clock = new StreamClock();
    const createTargets = (onError: (text: string, now: number) => void) => {
      const targets = new Map<number, Map<number, RtpTarget>>();
      for (const track of stream.tracks) {
        const byType = targets.get(track.mediaIndex) ?? new Map<number, RtpTarget>();
        targets.set(track.mediaIndex, byType);
        const onRemux = (reason: string) => logger.info(reason);
        byType.set(
          track.payloadType,
          new RtpTrack({ track, clock, units, useAbsoluteTimestamp, onError, onRemux }),
        );
      }
      return targets;
    };
    const flush = (now: number) => {
      if (units.length > 0) stream.write(units.splice(0), now);
    };
    return new RtpReception(options, createTargets, flush, () => units.length = 0);
  }

  /** Into a demuxer that opens a stream when it knows the tracks inside. See `mpegtsFormat`. */
  static intoDemuxer(
    format: MpegtsFormat,
    options: RtpReceptionOptions & Omit<MpegtsIngestOptions, "logger">,
  ): RtpReception {
    const ingest = new MpegtsIngest(options);
    const target = new MpegtsTarget(ingest);
    const targets = new Map([[format.mediaIndex, new Map([[format.payloadType, target]])]]);
    return new RtpReception(options, () => targets, () => {}, () => ingest.close());
  }

  get targets(): readonly RtpTarget[] {
    return [...this.#sections.values()].flatMap((section) => section.targets);
  }

  /** Mean of the tracks that have had packets, in ticks of their clocks. */
  get jitter(): number {
    const begun = this.targets.filter(({ reception }) => reception.ssrc !== null);
    if (begun.length === 0) return 0;
    return begun.reduce((sum, { reception }) => sum + reception.snapshot().jitter, 0) / begun.length;
  }

  /** A packet of a section. What is wrong with it is reported to the log. */
  receiveRtp(mediaIndex: number, plain: Uint8Array, now: number): void {
    this.rtpPackets++;
    try {
      this.#sections.get(mediaIndex)?.receive(plain, now);
    } catch (error) {
      this.rtpPacketsInError++;
      this.reportError(error, now);
    }
  }

  receiveRtcp(mediaIndex: number, plain: Uint8Array, now: number): void {
    this.rtcpPackets++;
    try {
      for (const message of parseRtcp(plain)) {
        if (message.kind === "senderReport") this.#receiveReport(mediaIndex, message, now);
      }
    } catch (error) {
      this.rtcpPacketsInError++;
      this.reportError(error, now);
    }
  }

  /** For the track it is about; for all of its section when there is none: cameras write wrong SSRCs. */
  #receiveReport(mediaIndex: number, report: SenderReport, now: number): void {
    const targets = this.#sections.get(mediaIndex)?.targets ?? [];
    const meant = targets.filter((target) => target.reception.ssrc === report.ssrc);
    for (const target of meant.length > 0 ? meant : targets) target.receiveReport(report, now);
  }

  /** A ParseError about a packet; throws what is none. */
  reportError(error: unknown, now: number): void {
    if (!(error instanceof ParseError)) throw error;
    this.#errors.report(now, error.message);
  }

  /** Receiver reports for the sender of a section. */
  reports(mediaIndex: number, now: number): Uint8Array[] {
    const targets = this.#sections.get(mediaIndex)?.targets ?? [];
    return targets.map((target) => target.report(now)).filter((report) => report !== null);
  }

  /** Everything that arrived together has been received: hands the finished units to the stream. */
  flush(now: number): void {
    this.flushUnits(now);
  }

  /** Nothing more will come. `now` as in the other calls. */
  close(now: number): void {
    this.end();
    this.#errors.flush(now);
    this.#lost.flush(now);
  }
}

/** Where in a list of medias the transport stream is. */
export interface MpegtsFormat {
  readonly mediaIndex: number;
  readonly payloadType: number;
}

/** The only format of these medias when it is MPEG-TS (RFC 2250 §2); else null. */
export function mpegtsFormat(medias: readonly RtpMedia[]): MpegtsFormat | null {
  const formats = medias.flatMap((media, mediaIndex) => media.formats.map((one) => ({ ...one, mediaIndex })));
  if (formats.length !== 1 || formats[0].codec.name !== "MPEG-TS") return null;
  const { mediaIndex, payloadType } = formats[0];
  return { mediaIndex, payloadType };
}

const mpegtsClockRate = 90_000;

/** Payloads are whole transport packets (RFC 2250 §2). */
class MpegtsTarget extends RtpTarget {
  constructor(private readonly ingest: MpegtsIngest) {
    super(mpegtsClockRate);
  }

  override push(packet: RtpPacket, now: number): void {
    this.ingest.write(packet.payload, now);
  }
}
