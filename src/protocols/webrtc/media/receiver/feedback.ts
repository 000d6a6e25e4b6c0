import type { PacketCrypto } from "../../../../base/packet_crypto.ts";
import { hasPassed } from "../../../../base/time.ts";
import type { PacketBatch } from "../../../../net/udp/socket.ts";
import { type RtcpMessage, serializeRtcp } from "../../../../rtp/rtcp/compound.ts";
import { maxNackPairs } from "../../../../rtp/rtcp/nack.ts";
import type { ReportBlock } from "../../../../rtp/rtcp/report_block.ts";
import { createSrtpSender, type SrtpSender } from "../../../../rtp/srtp/mod.ts";
import type { Stream } from "../../../../stream/stream.ts";
import type { SrtpKeys } from "../../contracts.ts";
import { webrtcFanoutKey } from "../sender/fanout.ts";
import type { Section } from "./section.ts";
import { TransportFeedback } from "./transport_feedback.ts";

const reportPeriodMs = 1000;
/** Congestion control of browsers works with this; less often makes it slow. */
const transportPeriodMs = 50;
const layerPeriodMs = 100;
/** A request, or the key frame, may be lost: asked again until one comes. */
const keyFrameRepeatMs = 500;
const maxKeyFrameTries = 10;
/** Browsers make key frames only when asked: for readers that need them regularly (segments, recordings). */
const regularKeyFrameMs = 2000;
/** For the cache of the current group of pictures, which must not grow for ever. */
const cacheKeyFrameMs = 10_000;
/** Publishers begin with a key frame; when it was lost on the way, one is asked for soon. */
const firstKeyFrameMs = 100;
/** Told to publishers without transport-wide feedback, which stay at a start value otherwise: they slow down on loss. */
const assumedBitrate = 20_000_000;
/** A publisher that has sent nothing for so long makes no key frame either; it is asked when it is back. */
const mutedAfterMs = 10_000;
const maxReportBlocks = 31;

export interface FeedbackOptions {
  readonly sections: readonly Section[];
  readonly localSsrc: number;
  readonly keys: SrtpKeys;
  readonly crypto: PacketCrypto;
  readonly send: (batch: PacketBatch) => void;
}

/** What we tell a publisher: what is missing, how it arrives, and when a key frame is needed. */
export class Feedback {
  packets = 0;
  bytes = 0;
  readonly #options: FeedbackOptions;
  readonly #srtp: SrtpSender;
  readonly #transport = new TransportFeedback();
  #transportSsrc = 0;
  #reportedAt = -Infinity;
  #transportAt = -Infinity;
  #layersAt = -Infinity;
  #keyFrameTries = 0;
  #keyFrameAskedAt = -Infinity;
  #keyFrameAt: number | null = null;
  #watchedSince: number | null = null;
  #firSequence = 0;

  constructor(options: FeedbackOptions) {
    const { keys, crypto } = options;
    this.#options = options;
    this.#srtp = createSrtpSender({ profile: keys.profile, ...keys.local, crypto });
  }

  get #video(): Section | undefined {
    return this.#options.sections.find((section) => section.isVideo && section.codec !== null);
  }

  get canAskForKeyFrames(): boolean {
    const codec = this.#video?.codec;
    return codec !== undefined && codec !== null && (codec.pli || codec.fir);
  }

  /** A packet with a transport-wide number. */
  arrived(sequence: number, ssrc: number, now: number): void {
    this.#transportSsrc = ssrc;
    this.#transport.add(sequence, now);
  }

  /** The stream limits how often. Repeated until a key frame comes. */
  requestKeyFrame(now: number): void {
    this.#keyFrameTries = maxKeyFrameTries;
    this.#askForKeyFrame(now);
  }

  keyFrameCame(now: number): void {
    this.#keyFrameTries = 0;
    this.#keyFrameAt = now;
  }

  #askForKeyFrame(now: number): void {
    const section = this.#video;
    const ssrc = section?.keyFrameSource?.ssrc ?? null;
    if (section === undefined || ssrc === null) return;
    this.#keyFrameTries--;
    this.#keyFrameAskedAt = now;
    const senderSsrc = this.#options.localSsrc;
    if (section.codec!.pli) return this.#send([{ kind: "pli", senderSsrc, mediaSsrc: ssrc }]);
    this.#firSequence = (this.#firSequence + 1) & 0xff;
    this.#send([{ kind: "fir", senderSsrc, mediaSsrc: 0, entries: [{ ssrc, sequence: this.#firSequence }] }]);
  }

  tick(now: number, stream: Stream | null): void {
    this.#sendNacks(now);
    if (hasPassed(transportPeriodMs, this.#transportAt, now)) this.#sendTransport(now);
    if (hasPassed(layerPeriodMs, this.#layersAt, now)) this.#chooseLayers(now);
    if (hasPassed(reportPeriodMs, this.#reportedAt, now)) this.#sendReports(now);
    if (stream !== null && this.canAskForKeyFrames) this.#watchKeyFrames(now, stream);
  }

  #mayRepeat(now: number): boolean {
    return hasPassed(keyFrameRepeatMs, this.#keyFrameAskedAt, now);
  }

  #watchKeyFrames(now: number, stream: Stream): void {
    if (this.#keyFrameAt === null) {
      this.#watchedSince ??= now;
      if (!hasPassed(firstKeyFrameMs, this.#watchedSince, now)) return;
      this.#keyFrameAt = now;
      stream.requestKeyFrame(now);
    }
    if (this.#keyFrameTries > 0 && this.#mayRepeat(now)) this.#askForKeyFrame(now);
    if (hasPassed(mutedAfterMs, this.#video?.keyFrameSource?.lastPacketAt ?? -Infinity, now)) return;
    const others = stream.fanoutKeys.some((key) => key !== webrtcFanoutKey);
    const period = others ? regularKeyFrameMs : cacheKeyFrameMs;
    if (hasPassed(period, this.#keyFrameAt, now)) {
      this.#keyFrameAt = now;
      stream.requestKeyFrame(now);
    }
  }

  #sendNacks(now: number): void {
    for (const section of this.#options.sections) {
      for (const encoding of section.encodings) {
        if (!section.isWanted(encoding)) continue;
        const { nacks, ssrc } = encoding;
        if (nacks === null || nacks.size === 0 || ssrc === null) continue;
        const sequences = nacks.due(now);
        if (sequences.length === 0) continue;
        const senderSsrc = this.#options.localSsrc;
        for (let at = 0; at < sequences.length; at += maxNackPairs) {
          const part = sequences.slice(at, at + maxNackPairs);
          this.#send([{ kind: "nack", senderSsrc, mediaSsrc: ssrc, sequences: part }]);
        }
      }
    }
  }

  #sendTransport(now: number): void {
    this.#transportAt = now;
    const message = this.#transport.take(this.#options.localSsrc, this.#transportSsrc);
    if (message !== null) this.#send([message]);
  }

  #chooseLayers(now: number): void {
    this.#layersAt = now;
    for (const section of this.#options.sections) {
      if (section.chooseLayer(now) && this.#mayRepeat(now)) this.#askForKeyFrame(now);
    }
  }

  #sendReports(now: number): void {
    const blocks: ReportBlock[] = [];
    for (const section of this.#options.sections) {
      for (const encoding of section.encodings) {
        blocks.push(...encoding.stats.buildReport(now)?.reports ?? []);
      }
    }
    if (blocks.length === 0) return;
    this.#reportedAt = now;
    const ssrc = this.#options.localSsrc;
    const messages: RtcpMessage[] = [
      { kind: "receiverReport", ssrc, reports: blocks.slice(0, maxReportBlocks) },
      { kind: "sourceDescription", chunks: [{ ssrc, cname: "" }] },
    ];
    const codec = this.#video?.codec;
    if (codec?.remb === true && !codec.transportWide) {
      messages.push({
        kind: "remb",
        senderSsrc: ssrc,
        bitrate: assumedBitrate,
        ssrcs: blocks.map((b) => b.ssrc),
      });
    }
    this.#send(messages);
  }

  #send(messages: readonly RtcpMessage[]): void {
    const bytes = this.#srtp.protectRtcp(serializeRtcp(messages));
    this.packets++;
    this.bytes += bytes.length;
    this.#options.send({ bytes, sizes: [bytes.length] });
  }

  close(): void {
    this.#srtp.close();
  }
}
