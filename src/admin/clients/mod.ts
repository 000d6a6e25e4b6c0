/** What the servers tell of their connections and sessions, for everyone who shows it: shapes, names, lists. */
export {
  type ClientKind,
  clientKinds,
  type ClientSnapshot,
  type ClientSource,
  type ClientSources,
  oldNames,
  unkickable,
} from "./kinds.ts";
export { count, deprecated, time, uuid } from "./shapes.ts";
export { levelFields } from "./schemas.ts";
