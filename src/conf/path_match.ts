/** Which entry of the configuration a requested path name belongs to. */
import { UserError } from "../base/errors.ts";
import type { Conf, PathConf } from "./conf.ts";
import { pathNameProblem } from "./path_name.ts";

/** The entry for a path and, for a regular expression, its groups: `groups[1]` is `$G1`; empty for a plain name. */
export interface FoundPathConf {
  /** The effective configuration. */
  readonly conf: PathConf;
  /** The whole match and the groups. */
  readonly groups: readonly string[];
}

/** Characters of an invalid name that an error tells. */
const maxShown = 200;

/** Expressions of one configuration in the order they are tried. */
const ordered = new WeakMap<ReadonlyMap<string, PathConf>, readonly PathConf[]>();

/**
 * Finds the entry for `name`: the entry of exactly that name, then the regular expressions by name, `all` and
 * `all_others` last. Throws UserError for an invalid name and for one that nothing matches.
 */
export function findPathConf(conf: Pick<Conf, "paths">, name: string): FoundPathConf {
  const exact = conf.paths.get(name);
  if (exact !== undefined) return { conf: exact, groups: [] };
  const problem = pathNameProblem(name);
  if (problem !== undefined) throw new UserError(`invalid path name: ${problem} (${shown(name)})`);
  for (const entry of regexEntries(conf.paths)) {
    const groups = entry.regex?.match(name) ?? null;
    if (groups !== null) return { conf: entry, groups };
  }
  throw new UserError(`path '${name}' is not configured`);
}

/** Of a name that nobody has looked at: without a query, which may hold secrets, and in one line of the log. */
function shown(name: string): string {
  const text = name.split("?", 1)[0].slice(0, maxShown);
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "\ufffd") + (text === name ? "" : "…");
}

function regexEntries(paths: ReadonlyMap<string, PathConf>): readonly PathConf[] {
  const known = ordered.get(paths);
  if (known !== undefined) return known;
  const entries = [...paths.values()].filter((entry) => entry.regex !== undefined).sort((a, b) => {
    const lastA = isCatchAllName(a.name);
    const lastB = isCatchAllName(b.name);
    if (lastA !== lastB) return lastA ? 1 : -1;
    return a.name < b.name ? -1 : 1;
  });
  ordered.set(paths, entries);
  return entries;
}

function isCatchAllName(name: string): boolean {
  return name === "all" || name === "all_others";
}
