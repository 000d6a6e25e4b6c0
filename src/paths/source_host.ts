/** Sources of the server's own: what they are to a path, and what a path is to them. */
import type { Logger } from "../base/logger.ts";
import type { Conf, PathConf } from "../conf/mod.ts";
import type { RtpMedia } from "../rtp/format.ts";
import type { Publisher, PublisherSeat, SourceType } from "./contracts.ts";
import type { OnDemandSource } from "./on_demand.ts";
import type { SupervisedStatus } from "./supervisor.ts";

/** Makes what starts a publisher on demand (`runOnDemand`), or null when there is none for this configuration. */
export type CreateOnDemandSource = (path: SourceHost) => OnDemandSource | null;

/** A client of ours that pulls the stream of a path, all the time or on demand. */
export interface PathSource extends OnDemandSource {
  /** What it is to the API. */
  readonly type: SourceType;
  /** For the API. */
  readonly status: SupervisedStatus;
  /** Settles when everything is released; never rejects. */
  stop(reason: string): Promise<void>;
}

/** Makes the source of a path whose `source` is a URL, or null when there is none for this configuration. */
export type CreateSource = (path: SourceHost) => PathSource | null;

/** What a source of the server's own may see of its path. */
export interface SourceHost {
  /** Name of the path. */
  readonly name: string;
  /** The configuration when the path was made. */
  readonly conf: PathConf;
  /** Groups of the regular expression that has matched the name. */
  readonly groups: readonly string[];
  /** Puts the name of the path in front. */
  readonly logger: Logger;
  /** Settles when the path of this name that was here before has released everything, such as its ports. */
  readonly predecessor: Promise<void>;
  /** The whole configuration, as it is now. */
  globalConf(): Conf;
  /** The stream is there. Its end is told by `leave` of the seat. */
  attach(source: Publisher, medias: readonly RtpMedia[]): PublisherSeat;
}
