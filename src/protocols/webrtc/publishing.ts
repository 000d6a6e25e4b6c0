import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { PacketCrypto } from "../../base/packet_crypto.ts";
import type { PathConf } from "../../conf/mod.ts";
import type { PathAccess, PathManager, Publisher, PublisherSeat } from "../../paths/mod.ts";
import type { RtpMedia } from "../../rtp/format.ts";
import { wallClock } from "./clock.ts";
import { WebrtcReceiver } from "./media/receiver/receiver.ts";
import { agreedMedias, type Agreement, agreeToPublish, type Description } from "./negotiation/mod.ts";
import { type Connection, noTraffic, type Side, type SideStats } from "./side.ts";

/** What the side that publishes is made of. */
export interface PublishingOptions {
  readonly crypto: PacketCrypto;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  readonly publisher: Publisher;
  readonly access: PathAccess;
  /** What the path was configured to when the client was authorised. */
  readonly conf: PathConf;
  /** Milliseconds to wait for packets of every section. */
  readonly gatherMs: number;
}

/** The side of a session that publishes: first it finds out which tracks there are, then it has a stream. */
export class Publishing implements Side {
  readonly agreement: Agreement;
  readonly sources: Side["sources"] = new Map();
  #receiver: WebrtcReceiver | null = null;
  #seat: PublisherSeat | null = null;
  #closed = false;
  #last: SideStats = noTraffic;

  /** Throws NotAcceptableError. */
  constructor(offer: Description, private readonly options: PublishingOptions) {
    this.agreement = agreeToPublish(offer);
  }

  start(connection: Connection): void {
    const { crypto, logger, gatherMs } = this.options;
    this.#receiver = new WebrtcReceiver({
      medias: agreedMedias(this.agreement),
      keys: connection.keys,
      crypto,
      logger,
      send: (batch) => connection.send(batch),
      gatherTimeoutMs: gatherMs,
      onTracks: (medias) => {
        this.#publish(medias).catch((error) => connection.fail(errorText(error)));
      },
      onError: (reason) => connection.fail(reason),
    });
  }

  async #publish(medias: readonly RtpMedia[]): Promise<void> {
    const { pathManager, publisher, access, conf, logger } = this.options;
    const seat = await pathManager.addPublisher(access, publisher, medias, conf);
    if (this.#closed) return seat.leave();
    this.#seat = seat;
    logger.info(`is publishing to path '${seat.pathName}'`);
    const { useAbsoluteTimestamp } = seat.conf;
    this.#receiver?.attach({ stream: seat.stream, useAbsoluteTimestamp }, wallClock());
  }

  receive(datagrams: readonly Uint8Array[], now: number): void {
    this.#receiver?.receive(datagrams, now);
  }

  tick(now: number): void {
    this.#receiver?.tick(now);
  }

  get stats(): SideStats {
    return this.#receiver === null ? this.#last : { ...noTraffic, ...this.#receiver.stats };
  }

  close(): void {
    if (this.#closed) return;
    this.#last = this.stats;
    this.#closed = true;
    this.#receiver?.close();
    this.#receiver = null;
    this.#seat?.leave();
    this.#seat = null;
  }
}
