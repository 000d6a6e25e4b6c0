import type { Logger } from "../../base/logger.ts";
import type { ReaderSeat } from "../../paths/mod.ts";
import { tracksText } from "../../stream/track.ts";
import type { WebrtcContext } from "./context.ts";
import { WebrtcFanout, webrtcFanoutKey } from "./media/sender/fanout.ts";
import type { WebrtcReader } from "./media/sender/reader.ts";
import {
  agreedData,
  agreedMedias,
  agreeToRead,
  type Description,
  type LocalSource,
  type ReadAgreement,
} from "./negotiation/mod.ts";
import { type Connection, noTraffic, type Side, type SideStats } from "./side.ts";

/** As MediaMTX names it. */
const klvLabel = "KLV";

/** The side of a session that reads. */
export class Reading implements Side {
  readonly agreement: ReadAgreement;
  readonly sources: ReadonlyMap<string, LocalSource>;
  readonly #fanout: WebrtcFanout;
  #reader: WebrtcReader | null = null;
  #last: SideStats = noTraffic;

  /** Takes over the seat unless it throws: NotAcceptableError. */
  constructor(
    private readonly seat: ReaderSeat,
    offer: Description,
    private readonly context: WebrtcContext,
    private readonly logger: Logger,
  ) {
    const { stream } = seat;
    this.agreement = agreeToRead(offer, stream.tracks);
    // It speaks for all readers of the stream.
    const common = context.logger.child(`[path ${seat.pathName}]`);
    this.#fanout = stream.fanout(webrtcFanoutKey, () => new WebrtcFanout(stream, common));
    const { cname } = this.#fanout;
    this.sources = new Map(
      agreedMedias(this.agreement).map(({ mid, trackId, codecs }) => {
        const { ssrc, rtxSsrc } = this.#fanout.trackSender(trackId!);
        return [mid, { ssrc, rtxSsrc: codecs[0].rtxPayloadType === null ? null : rtxSsrc, cname }];
      }),
    );
    for (const { track, reason } of this.agreement.skipped) {
      logger.warn(`skipping track ${track.id + 1} (${track.codec.name}): ${reason}`);
    }
  }

  start(connection: Connection, now: number): void {
    this.logger.info(
      `is reading from path '${this.seat.pathName}', ${tracksText(this.agreement.tracks)}`,
    );
    this.seat.playing();
    this.#reader = this.#fanout.addReader({
      medias: agreedMedias(this.agreement),
      keys: connection.keys,
      crypto: this.context.crypto,
      room: connection.room,
      send: connection.send,
      ...agreedData(this.agreement) ? { onData: connection.openChannel(klvLabel) } : {},
      onError: (reason) => connection.fail(reason),
    }, now);
  }

  receive(datagrams: readonly Uint8Array[], now: number): void {
    this.#reader?.receive(datagrams, now);
  }

  tick(now: number): void {
    this.#reader?.tick(now);
  }

  get stats(): SideStats {
    return this.#reader === null ? this.#last : statsOf(this.#reader);
  }

  close(): void {
    if (this.#reader !== null) this.#last = statsOf(this.#reader);
    this.#reader?.close();
    this.#reader = null;
    this.seat.leave();
  }
}

function statsOf({ stats }: WebrtcReader): SideStats {
  return {
    ...noTraffic,
    inboundBytes: stats.inboundBytes,
    inboundRTCPPackets: stats.inboundRTCPPackets,
    outboundBytes: stats.outboundBytes,
    outboundRTPPackets: stats.outboundRTPPackets,
    outboundRTCPPackets: stats.outboundRTCPPackets,
    outboundFramesDiscarded: stats.outboundFramesDiscarded,
  };
}
