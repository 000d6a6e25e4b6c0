import type { Logger } from "../../base/logger.ts";
import type { Conf } from "../../conf/mod.ts";
import type { PathManager } from "../../paths/mod.ts";
import type { PathMuxer } from "./muxer.ts";
import type { HlsSession } from "./session.ts";
import type { SessionTokens } from "./tokens.ts";

/** What the parts of the HLS server share. */
export interface HlsContext {
  /** In use now; a change replaces it. */
  conf: Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  readonly tokens: SessionTokens;
  /** By name of the path. */
  readonly muxers: Map<string, PathMuxer>;
  /** By token. */
  readonly sessions: Map<string, HlsSession>;
}
