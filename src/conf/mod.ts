/** Configuration: every key with type, default and documentation; loading from file and environment; matching of path names. */
export {
  type Conf,
  defaultConf,
  type GlobalValues,
  isHotPathKey,
  type PathConf,
  type PathEntry,
  type PathValues,
} from "./conf.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { ConfError, type ConfIssue, redactUrl } from "./issue.ts";
export { type ConfIo, loadConf, type LoadedConf } from "./load.ts";
export { findPathConf, type FoundPathConf } from "./path_match.ts";
export { pathNameProblem } from "./path_name.ts";
export type { PathRegex } from "./path_regex.ts";
export { formatSize, parseSize } from "./size.ts";
