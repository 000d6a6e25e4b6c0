/**
 * What the server is made of, from the first to start to the last. They stop in the reverse order. A component is
 * one row here and reads, from `Services`, the configuration and what earlier rows have left for it.
 */
import type { Logger } from "../base/logger.ts";
import type { Conf } from "../conf/mod.ts";
import type { Component } from "./lifecycle.ts";

/** What the rows share. */
export interface Services {
  readonly conf: Conf;
  readonly logger: Logger;
}

/** The table. */
export const components: readonly Component<Services>[] = [];
