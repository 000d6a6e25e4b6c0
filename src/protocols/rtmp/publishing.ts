import type { Logger } from "../../base/logger.ts";
import { errorsLine, RateLimitedReport } from "../../base/rate_limited.ts";
import type { PublisherSeat } from "../../paths/mod.ts";
import type { RtpMedia } from "../../rtp/format.ts";
import type { Unit } from "../../stream/unit.ts";
import type { MediaMessage } from "./engine/link.ts";
import { Ingest } from "./ingest.ts";
import { mediasOfTracks, TrackProbe } from "./tracks/probe.ts";

export interface PublishingOptions {
  readonly logger: Logger;
  /** The tracks are known: gives the stream to write to. */
  readonly attach: (medias: readonly RtpMedia[]) => Promise<PublisherSeat> | PublisherSeat;
}

/** The side of a connection that media comes in from: first it finds out about the tracks, then it has a stream. */
export class Publishing {
  readonly #options: PublishingOptions;
  readonly #units: Unit[] = [];
  readonly #errors: RateLimitedReport;
  #probe: TrackProbe | null = new TrackProbe();
  #ingest: Ingest | null = null;
  #seat: PublisherSeat | null = null;
  #left = false;

  constructor(options: PublishingOptions) {
    this.#options = options;
    this.#errors = new RateLimitedReport(options.logger, errorsLine("decode error"));
  }

  /** A promise when the stream begins with this message. Throws or rejects when there can be none (UserError). */
  receive(message: MediaMessage, now: number): Promise<void> | undefined {
    if (this.#probe !== null) {
      return this.#probe.push(message, now) ? this.#begin(this.#probe) : undefined;
    }
    this.#ingest?.receive(message, now, this.#units);
    return undefined;
  }

  async #begin(probe: TrackProbe): Promise<void> {
    const { attach, logger } = this.#options;
    this.#probe = null;
    const { tracks, messages } = probe;
    for (const problem of probe.problems) logger.warn(problem);
    const seat = await attach(mediasOfTracks(tracks));
    if (this.#left) return seat.leave();
    this.#seat = seat;
    this.#ingest = new Ingest(seat.stream, tracks, (text, at) => this.#errors.report(at, text));
    for (const { message, now } of messages) this.#ingest.receive(message, now, this.#units);
  }

  /** Everything that arrived together has been received: hands the units to the stream. */
  flush(now: number): void {
    if (this.#units.length > 0) this.#seat?.stream.write(this.#units.splice(0), now);
  }

  /** Takes the stream away. */
  leave(): void {
    this.#left = true;
    this.#probe = null;
    this.#ingest = null;
    this.#units.length = 0;
    const seat = this.#seat;
    this.#seat = null;
    seat?.leave();
    this.#errors.flush(Date.now());
  }
}
