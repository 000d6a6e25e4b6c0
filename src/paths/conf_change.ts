/** What a new configuration means for a live path. */
import { isHotPathKey, type PathConf } from "../conf/mod.ts";

export type ConfChange = "same" | "hot" | "restart";

/** Entries with different names or expressions are the same when all the rest is: only their values act. */
export function compareConfs(before: PathConf, after: PathConf): ConfChange {
  if (before === after) return "same";
  let change: ConfChange = "same";
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (key === "name" || key === "regex") continue;
    const values = [before, after].map((conf) => (conf as unknown as Record<string, unknown>)[key]);
    if (sameValue(values[0], values[1])) continue;
    if (!isHotPathKey(key)) return "restart";
    change = "hot";
  }
  return change;
}

/** Values of a configuration: scalars, lists, and objects of these. */
function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  return keys.every((key) => key in right && sameValue(left[key], right[key]));
}

/** True for entries that stand for many names: their paths live only while they are used. */
export function isOnDemandName(conf: PathConf): boolean {
  return conf.regex !== undefined;
}
