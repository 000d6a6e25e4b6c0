/** The loaded configuration. */
import { isAlias, type KeyTable, type ValuesOf } from "./key.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";
import { defaultsOf, equalValues } from "./values.ts";
import type { PathRegex } from "./path_regex.ts";

/** Global keys under their names, old names resolved. Durations in milliseconds, sizes in bytes, networks as CIDR text. */
export type GlobalValues = ValuesOf<typeof globalKeys>;

/** The name of a global key. */
export type GlobalKey = keyof GlobalValues;

/** Keys of a path under their names, old names resolved. Same units. */
export type PathValues = ValuesOf<typeof pathKeys>;

/** What an entry of `paths` (or `pathDefaults`) sets itself: only the keys that are present. */
export type PathEntry = Partial<PathValues>;

/** The effective configuration of an entry: code defaults, overlaid by pathDefaults, overlaid by the entry. */
export interface PathConf extends PathValues {
  /** The name of the entry: a path name, `~` and a regular expression, `all` or `all_others`. */
  readonly name: string;
  /** Present when the entry stands for all paths that match. */
  readonly regex?: PathRegex;
}

/** A configuration that has passed every check. */
export interface Conf extends GlobalValues {
  /** What paths start from. */
  readonly pathDefaults: PathValues;
  /** The effective configurations under the names of their entries, in the order of the file. */
  readonly paths: ReadonlyMap<string, PathConf>;
  /** The entries of `paths` as they were given, for later changes of pathDefaults or of single entries. */
  readonly entries: ReadonlyMap<string, PathEntry>;
}

/** The values the code starts from, without any path. */
export function defaultConf(): Conf {
  return {
    ...defaultsOf<GlobalValues>(globalKeys),
    pathDefaults: defaultsOf<PathValues>(pathKeys),
    paths: new Map(),
    entries: new Map(),
  };
}

/** True for keys whose change keeps the live path, its publisher and its readers. */
export function isHotPathKey(name: string): boolean {
  return hotPathKeys.has(name);
}

const hotPathKeys: ReadonlySet<string> = new Set(
  Object.entries(pathKeys as KeyTable).filter(([, key]) => !isAlias(key) && key.hot).map(([name]) => name),
);

/** The global keys whose values differ. */
export function changedGlobals(before: Conf, after: Conf): ReadonlySet<GlobalKey> {
  const changed = new Set<GlobalKey>();
  for (const name of Object.keys(globalKeys as KeyTable)) {
    const key = name as GlobalKey;
    if (!equalValues(before[key], after[key])) changed.add(key);
  }
  return changed;
}
