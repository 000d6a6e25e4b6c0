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
  if (problem !== undefined) throw new UserError(`invalid path name: ${problem} (${name})`);
  for (const entry of regexEntries(conf.paths)) {
    const groups = entry.regex?.match(name) ?? null;
    if (groups !== null) return { conf: entry, groups };
  }
  throw new UserError(`path '${name}' is not configured`);
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
