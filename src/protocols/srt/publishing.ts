import type { Logger } from "../../base/logger.ts";
import type { PathConf } from "../../conf/mod.ts";
import type { PathAccess, PathManager, Publisher, PublisherSeat } from "../../paths/mod.ts";
import { MpegtsIngest } from "../../stream/mpegts_ingest.ts";

export interface PublishingOptions {
  readonly pathManager: PathManager;
  readonly publisher: Publisher;
  readonly logger: Logger;
  readonly access: PathAccess;
  /** What the path was configured to when the client was authorised. */
  readonly conf: PathConf;
  /** There can be no stream (any more). */
  readonly onFailure: (error: unknown) => void;
}

/** The side of a connection that publishes. */
export class Publishing {
  readonly #ingest: MpegtsIngest;
  #seat: PublisherSeat | null = null;
  #left = false;

  constructor({ pathManager, publisher, logger, access, conf, onFailure }: PublishingOptions) {
    this.#ingest = new MpegtsIngest({
      logger,
      onFailure,
      open: async (medias) => {
        const seat = await pathManager.addPublisher(access, publisher, medias, conf);
        if (this.#left) seat.leave();
        else {
          this.#seat = seat;
          logger.info(`is publishing to path '${seat.pathName}'`);
        }
        return seat.stream;
      },
    });
  }

  /** `now`: milliseconds since 1970. */
  receive(payload: Uint8Array, now: number): void {
    this.#ingest.write(payload, now);
  }

  /** Takes the stream away. */
  leave(): void {
    this.#left = true;
    this.#ingest.close();
    const seat = this.#seat;
    this.#seat = null;
    seat?.leave();
  }
}
