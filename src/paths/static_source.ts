/**
 * The source of a path that the server pulls itself. The room of its protocol connects once; the supervisor does the rest.
 *
 * Who closes whom: the path starts and stops the source; an attempt that ends leaves the path, which ends the stream.
 */
import { UserError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Conf, PathConf } from "../conf/mod.ts";
import type { RtpMedia } from "../rtp/format.ts";
import type { PublisherSeat, SourceType } from "./contracts.ts";
import type { PathSource, SourceHost } from "./path.ts";
import { fillSourceUrl } from "./source_url.ts";
import { type Attempt, type SupervisedStatus, Supervisor } from "./supervisor.ts";

/** What a room gets in order to pull a stream once. */
export interface Pull extends Pick<Attempt, "signal" | "received"> {
  /** As configured, with everything replaced that stands for something else. May hold credentials. */
  readonly url: string;
  /** The whole configuration, as it is now. */
  readonly conf: Conf;
  /** That of the path. */
  readonly pathConf: PathConf;
  /** Puts path and source in front. */
  readonly logger: Logger;
  /**
   * The stream begins. Once for each pull. The seat is given up by whoever called `connect`, after it has settled: its
   * `leave` does nothing, so that the reason is told before the stream ends.
   */
  attach(medias: readonly RtpMedia[]): PublisherSeat;
}

/** A way to pull streams. */
export interface SourceKind {
  /** As the API calls it. */
  readonly type: SourceType;
  /** As the log calls it: `RTSP`. */
  readonly label: string;
  /** See `Connect` of the supervisor. Errors must not hold the credentials of the URL. */
  connect(pull: Pull): Promise<void>;
}

/** A source under its supervisor. Owned by its path, which starts and stops it. */
export class StaticSource implements PathSource {
  readonly type: SourceType;
  readonly #logger: Logger;
  readonly #supervisor: Supervisor;
  #query = "";
  #seat: PublisherSeat | null = null;

  constructor(private readonly host: SourceHost, private readonly kind: SourceKind) {
    this.type = kind.type;
    this.#logger = host.logger.child(`[${kind.label} source]`);
    this.#supervisor = new Supervisor({
      connect: (attempt) => this.#connect(attempt),
      maxSilenceMs: () => host.globalConf().readTimeout,
      onEnd: (failure) => this.#ended(failure),
      onRefused: (pauseMs) =>
        this.#logger.warn(
          `the credentials were refused: the next attempt is in ${
            pauseMs / 1000
          } s, so that no account gets locked`,
        ),
    });
  }

  get status(): SupervisedStatus {
    return this.#supervisor.status;
  }

  start(query: string): void {
    this.#query = query;
    this.#logger.info(this.host.conf.sourceOnDemand ? "started on demand" : "started");
    this.#supervisor.start();
  }

  stop(reason: string): Promise<void> {
    this.#logger.info(`stopped: ${reason}`);
    const stopped = this.#supervisor.stop();
    this.#leave();
    return stopped;
  }

  async #connect(attempt: Attempt): Promise<void> {
    const { host } = this;
    await host.predecessor;
    if (attempt.signal.aborted) return;
    this.#logger.debug("connecting");
    await this.kind.connect({
      url: fillSourceUrl(host.conf.source, host.groups, this.#query),
      conf: host.globalConf(),
      pathConf: host.conf,
      logger: this.#logger,
      signal: attempt.signal,
      received: attempt.received,
      attach: (medias) => this.#attach(attempt, medias),
    });
  }

  #attach(attempt: Attempt, medias: readonly RtpMedia[]): PublisherSeat {
    if (attempt.signal.aborted) throw new UserError("stopped");
    attempt.received();
    // The path stops the source whenever it ends the stream: nothing is left to do on `close`.
    const seat = this.host.attach({ type: this.type, id: "", close: () => {} }, medias);
    this.#seat = seat;
    attempt.running();
    return { ...seat, leave: () => {} };
  }

  #ended(failure: string | null): void {
    if (failure !== null) this.#logger.error(failure);
    this.#leave();
  }

  #leave(): void {
    const seat = this.#seat;
    this.#seat = null;
    seat?.leave();
  }
}
