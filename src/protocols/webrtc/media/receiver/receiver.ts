import { errorText, ParseError } from "../../../../base/errors.ts";
import type { Logger } from "../../../../base/logger.ts";
import type { PacketCrypto } from "../../../../base/packet_crypto.ts";
import { errorsLine, RateLimitedReport } from "../../../../base/rate_limited.ts";
import type { PacketBatch } from "../../../../net/udp/socket.ts";
import type { RtpMedia } from "../../../../rtp/format.ts";
import { parseRtpPacket, type RtpPacket } from "../../../../rtp/packet.ts";
import { isRtcp, parseRtcp } from "../../../../rtp/rtcp/compound.ts";
import { lossText } from "../../../../rtp/reception.ts";
import { createSrtpReceiver, type SrtpReceiver } from "../../../../rtp/srtp/mod.ts";
import type { Stream } from "../../../../stream/stream.ts";
import { StreamClock } from "../../../../stream/timestamps.ts";
import type { Unit } from "../../../../stream/unit.ts";
import type { NegotiatedMedia, SrtpKeys } from "../../contracts.ts";
import { Demultiplexer } from "./demultiplexer.ts";
import type { Encoding } from "./encoding.ts";
import { Feedback } from "./feedback.ts";
import { extensionU16, withHeader } from "./header.ts";
import { createPublisherClock } from "./publisher_clock.ts";
import { Section } from "./section.ts";

/** What a receiver is made of. */
export interface ReceiverOptions {
  /** As negotiated: all codecs that may come. */
  readonly medias: readonly NegotiatedMedia[];
  readonly keys: SrtpKeys;
  readonly crypto: PacketCrypto;
  readonly logger: Logger;
  /** `IceSession.send`. */
  readonly send: (batch: PacketBatch) => void;
  /** `webrtcTrackGatherTimeout`: how long to wait for packets of every section. */
  readonly gatherTimeoutMs: number;
  /** Called once: these sections carry packets. The session makes a stream of them and calls `attach`. */
  readonly onTracks: (medias: readonly RtpMedia[]) => void;
  /** Nothing has come in time; called once at the most. */
  readonly onError: (reason: string) => void;
}

/** Where the units go. */
export interface AttachReceiverOptions {
  readonly stream: Stream;
  readonly useAbsoluteTimestamp: boolean;
}

/** Counters since the receiver was made. */
export interface ReceiverStats {
  readonly inboundBytes: number;
  readonly inboundRTPPackets: number;
  /** Missing for good, of what is used. */
  readonly inboundRTPPacketsLost: number;
  /** Of the noisiest track, in clock ticks. */
  readonly inboundRTPPacketsJitter: number;
  readonly inboundRTCPPackets: number;
  readonly outboundBytes: number;
  readonly outboundRTCPPackets: number;
}

const rtxHeaderSize = 2;

/**
 * What a publisher sends, on the way to units: decrypted, sorted into sections and layers, repaired, put in order. Made
 * when the keys are there; `receive` and `tick` drive it, there is no timer. Closed by its session.
 */
export class WebrtcReceiver {
  readonly #options: ReceiverOptions;
  readonly #srtp: SrtpReceiver;
  readonly #sections: readonly Section[];
  readonly #demultiplexer: Demultiplexer;
  readonly #feedback: Feedback;
  readonly #errors: RateLimitedReport;
  readonly #losses: RateLimitedReport;
  readonly #units: Unit[] = [];
  readonly #transportId: number | null;
  #startedAt: number | null = null;
  #gathered = false;
  #stream: Stream | null = null;
  #undo: () => void = () => {};
  #closed = false;
  #lost = 0;
  #bytes = 0;
  #rtp = 0;
  #rtcp = 0;

  constructor(options: ReceiverOptions) {
    const { keys, crypto: provider, medias, logger } = options;
    this.#options = options;
    this.#srtp = createSrtpReceiver({ profile: keys.profile, ...keys.remote, crypto: provider });
    const localSsrc = crypto.getRandomValues(new Uint32Array(1))[0];
    this.#sections = medias.map((media) => new Section(media, localSsrc));
    this.#demultiplexer = new Demultiplexer(this.#sections);
    this.#feedback = new Feedback({
      sections: this.#sections,
      localSsrc,
      keys,
      crypto: provider,
      send: options.send,
    });
    const wide = medias.find(({ codecs, extensions }) =>
      extensions.transportSequence !== undefined && codecs.some(({ transportWide }) => transportWide)
    );
    this.#transportId = wide?.extensions.transportSequence ?? null;
    this.#errors = new RateLimitedReport(logger, errorsLine("decode error"));
    this.#losses = new RateLimitedReport(logger, lossText);
  }

  /** Datagrams that came together. Their bytes are used up. `now`: milliseconds since 1970, with fractions. */
  receive(datagrams: readonly Uint8Array[], now: number): void {
    if (this.#closed) return;
    this.#startedAt ??= now;
    for (const datagram of datagrams) {
      this.#bytes += datagram.length;
      try {
        if (isRtcp(datagram)) this.#receiveRtcp(datagram, now);
        else this.#receiveRtp(datagram, now);
      } catch (error) {
        if (!(error instanceof ParseError)) throw error;
        this.#errors.report(now, errorText(error));
      }
    }
    if (!this.#gathered) this.#gather(now);
    this.#flush(now);
  }

  #receiveRtp(datagram: Uint8Array, now: number): void {
    const result = this.#srtp.unprotect(datagram);
    if (result.kind === "refused") throw new ParseError("SRTP", result.reason);
    this.#rtp++;
    const packet = parseRtpPacket(result.bytes);
    if (this.#transportId !== null) {
      const sequence = extensionU16(packet.bytes, this.#transportId);
      if (sequence >= 0) this.#feedback.arrived(sequence, packet.ssrc, now);
    }
    const source = this.#demultiplexer.find(packet);
    if (source === null) {
      throw new ParseError(
        "RTP",
        `packet of type ${packet.payloadType} belongs to no section of the description`,
      );
    }
    const { section, encoding, repeats } = source;
    if (encoding === null) return;
    const media = repeats ? unwrap(packet, section, encoding) : packet;
    if (media === null) return;
    const lostBefore = encoding.lost;
    if (!section.receive(encoding, media, now, repeats)) {
      throw new ParseError("RTP payload type", `${media.payloadType} is not the one this section began with`);
    }
    if (encoding.lost > lostBefore && section.isWanted(encoding)) {
      this.#countLoss(section, encoding.lost - lostBefore, now);
    }
  }

  #countLoss(section: Section, packets: number, now: number): void {
    this.#lost += packets;
    this.#losses.report(now, "", packets);
    if (section.isVideo) this.#stream?.requestKeyFrame(now);
  }

  #receiveRtcp(datagram: Uint8Array, now: number): void {
    const result = this.#srtp.unprotectRtcp(datagram);
    if (result.kind === "refused") throw new ParseError("SRTCP", result.reason);
    this.#rtcp++;
    for (const message of parseRtcp(result.bytes)) {
      if (message.kind !== "senderReport") continue;
      const source = this.#demultiplexer.sourceOf(message.ssrc);
      if (source !== undefined && !source.repeats) source.encoding?.stats.addSenderReport(message, now);
    }
  }

  /** Which sections carry packets is known when all do, or when the time is over. */
  #gather(now: number): void {
    const present = this.#sections.filter(({ codec }) => codec !== null);
    const complete = present.length === this.#sections.length;
    if (!complete && now - this.#startedAt! < this.#options.gatherTimeoutMs) return;
    this.#gathered = true;
    if (present.length === 0) {
      return this.#options.onError("no packet of any announced track has come in time");
    }
    for (const section of this.#sections) {
      if (section.codec !== null) continue;
      section.leaveOut(() =>
        this.#options.logger.warn(`the ${section.media.kind} began too late and is left out`)
      );
    }
    this.#options.onTracks(present.map(({ media, codec }) => {
      const { codec: parameters, payloadType, clockRate } = codec!;
      return { kind: media.kind, formats: [{ codec: parameters, payloadType, clockRate }] };
    }));
  }

  /** The path has taken the publisher in: `stream` has the tracks that `onTracks` told. */
  attach({ stream, useAbsoluteTimestamp }: AttachReceiverOptions, now: number): void {
    if (this.#closed) return;
    const clock = new StreamClock();
    const publisherClock = createPublisherClock();
    const present = this.#sections.filter(({ codec }) => codec !== null);
    this.#stream = stream;
    present.forEach((section, i) => {
      section.attach({
        track: stream.tracks[i],
        clock,
        publisherClock,
        units: this.#units,
        useAbsoluteTimestamp,
        onMissingTime: () =>
          this.#errors.report(now, "received RTP packet without absolute time, skipping it"),
        onRemux: (reason) => this.#options.logger.info(reason),
      });
    });
    if (this.#feedback.canAskForKeyFrames) {
      this.#undo = stream.onKeyFrameRequest((at) => this.#feedback.requestKeyFrame(at));
    }
    this.#flush(now);
  }

  /** Everything that arrived together has been received: hands the finished units to the stream. */
  #flush(now: number): void {
    if (this.#stream === null || this.#units.length === 0) return;
    for (const unit of this.#units) {
      if (unit.repairs) this.#feedback.keyFrameCame(now);
    }
    this.#stream.write(this.#units.splice(0), now);
  }

  /** To be called about every 20 ms, by the timer of the server. */
  tick(now: number): void {
    if (this.#closed) return;
    this.#startedAt ??= now;
    if (!this.#gathered) this.#gather(now);
    if (this.#closed) return;
    this.#feedback.tick(now, this.#stream);
  }

  get stats(): ReceiverStats {
    let jitter = 0;
    for (const { encodings } of this.#sections) {
      for (const { stats } of encodings) jitter = Math.max(jitter, stats.snapshot().jitter);
    }
    return {
      inboundBytes: this.#bytes,
      inboundRTPPackets: this.#rtp,
      inboundRTPPacketsLost: this.#lost,
      inboundRTPPacketsJitter: jitter,
      inboundRTCPPackets: this.#rtcp,
      outboundBytes: this.#feedback.bytes,
      outboundRTCPPackets: this.#feedback.packets,
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#undo();
    this.#srtp.close();
    this.#feedback.close();
  }
}

/** The packet that a retransmission carries (RFC 4588 §4); null for those that only try out the bandwidth. */
function unwrap(packet: RtpPacket, section: Section, encoding: Encoding): RtpPacket | null {
  const codec = section.codecOfRtx(packet.payloadType);
  const { payload, timestamp } = packet;
  if (codec === null || encoding.ssrc === null || payload.length <= rtxHeaderSize) return null;
  const sequence = payload[0] << 8 | payload[1];
  const header = { payloadType: codec.payloadType, sequence, timestamp, ssrc: encoding.ssrc };
  return withHeader(packet, header, rtxHeaderSize);
}
