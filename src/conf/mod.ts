/** Configuration: every key with type, default and documentation; loading from file and environment; matching of path names. */
export {
  changedGlobals,
  type Conf,
  defaultConf,
  type GlobalKey,
  type GlobalValues,
  isHotPathKey,
  type PathConf,
  type PathEntry,
  type PathValues,
} from "./conf.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { type ConfControl, type ConfEdit, NoSuchPathError } from "./control.ts";
export { applyEdit } from "./edit.ts";
export { ConfError, type ConfIssue, redactUrl } from "./issue.ts";
export {
  type BaseConf,
  buildLayers,
  type ConfIo,
  loadBase,
  loadConf,
  type LoadedConf,
  loadOverlay,
  overlayPath,
} from "./load.ts";
export {
  emptyOverlay,
  isEmptyOverlay,
  type Overlay,
  type PathOverlay,
  withoutIdleDeletions,
} from "./overlay.ts";
export { overlayToRaw, serializeOverlay } from "./overlay_file.ts";
export { emptyMap, isRawMap, type Raw, type RawMap } from "./raw.ts";
export { globalJsonSchema, type JsonSchema, pathJsonSchema } from "./json_schema.ts";
export { redacted, shownGlobals, shownOverlay, shownPath } from "./shown.ts";
export { findPathConf, type FoundPathConf } from "./path_match.ts";
export { pathNameProblem } from "./path_name.ts";
export type { PathRegex } from "./path_regex.ts";
export { type EventType, eventTypes } from "./keys/webhooks.ts";
export { formatSize, parseSize } from "./size.ts";
