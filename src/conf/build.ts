/** From decoded values to the configuration in use: old names, defaults, effective paths, rules. */
import { resolveAliases } from "./aliases.ts";
import { checkGlobals } from "./check_global.ts";
import { checkPath } from "./check_path.ts";
import type { Conf, GlobalValues, PathConf, PathEntry, PathValues } from "./conf.ts";
import type { Decoded } from "./decode.ts";
import type { Issues } from "./issue.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";
import { legacyUsers } from "./legacy_credentials.ts";
import { compilePathRegex, type PathRegex } from "./path_regex.ts";
import { pathNameProblem } from "./path_name.ts";
import { type KeyPath, rawAt } from "./raw.ts";
import { defaultsOf, notBuilt } from "./values.ts";

const catchAllNames = ["all", "all_others", "~^.*$"];

/** Builds the configuration; throws ConfError with all broken rules. */
export function buildConf(decoded: Decoded, issues: Issues, warn: (text: string) => void): Conf {
  const users = legacyUsers(decoded, issues, warn);
  const resolved = resolveAliases(decoded, warn);
  const pathDefaults: PathValues = { ...defaultsOf<PathValues>(pathKeys), ...resolved.pathDefaults };
  const paths = new Map<string, PathConf>();
  const entries = new Map<string, PathEntry>();
  for (const [name, entry] of resolved.paths) {
    entries.set(name, entry);
    paths.set(name, { ...pathDefaults, ...entry, name, ...pathRegex(name, issues) });
  }
  const conf: Conf = {
    ...defaultsOf<GlobalValues>(globalKeys),
    ...resolved.globals,
    ...(users === undefined ? {} : { authInternalUsers: users }),
    pathDefaults,
    paths,
    entries,
  };
  checkGlobals(conf, (path, text) => issues.add(path, text));
  const catchAll = [...paths.keys()].filter((name) => catchAllNames.includes(name));
  if (catchAll.length > 1) {
    issues.add(
      ["paths", catchAll[1]],
      "all_others, all and '~^.*$' are the same path: keep one of them",
      "key",
    );
  }
  for (const path of paths.values()) {
    checkPath(conf, path, (inside, text) => issues.add(placeOf(path.name, inside, issues), text), warn);
  }
  issues.check();
  return conf;
}

/** A value that the entry does not give itself comes from pathDefaults. */
function placeOf(name: string, inside: KeyPath, issues: Issues): KeyPath {
  const key = inside[0];
  const inherited = rawAt(issues.raw, ["paths", name, key]) === undefined &&
    rawAt(issues.raw, ["pathDefaults", key]) !== undefined;
  return inherited ? ["pathDefaults", ...inside] : ["paths", name, ...inside];
}

function pathRegex(name: string, issues: Issues): { regex?: PathRegex } {
  if (name === "all" || name === "all_others") return { regex: compilePathRegex("^.*$") };
  if (!name.startsWith("~")) {
    const problem = pathNameProblem(name);
    if (problem !== undefined) issues.add(["paths", name], `invalid path name: ${problem}`, "key");
    return {};
  }
  try {
    return { regex: compilePathRegex(name.slice(1)) };
  } catch {
    issues.add(["paths", name], "invalid regular expression", "key");
    return {};
  }
}

/** Keys whose feature is still to come, set to something else than their default: `hlsAddress`, `paths.cam.record`. */
export function listNotBuilt(conf: Conf): string[] {
  const names = notBuilt(globalKeys, conf);
  for (const key of notBuilt(pathKeys, conf.pathDefaults)) names.push(`pathDefaults.${key}`);
  for (const [name, entry] of conf.entries) {
    for (const key of notBuilt(pathKeys, entry)) names.push(`paths.${name}.${key}`);
  }
  return names;
}
