import type { Logger } from "../../base/logger.ts";
import type { Conf } from "../../conf/mod.ts";
import type { PathManager } from "../../paths/mod.ts";

/** What the connections of one RTMP (or RTMPS) server share. */
export interface RtmpContext {
  readonly secure: boolean;
  /** In use now; a change replaces it. */
  conf: Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
}
