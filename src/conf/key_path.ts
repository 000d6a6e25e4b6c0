/** From the place of a value to its row in the tables. */
import type { AnyKey, KeyTable, Secret } from "./key.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";
import type { KeyPath } from "./raw.ts";

/** The table that names the children of the map at `path`; undefined when it holds something else. */
export function tableAt(path: KeyPath): KeyTable | undefined {
  let table: KeyTable | undefined = globalKeys;
  let at = 0;
  if (path[0] === "pathDefaults") [table, at] = [pathKeys, 1];
  else if (path[0] === "paths") [table, at] = path.length > 1 ? [pathKeys, 2] : [undefined, 1];
  for (; at < path.length; at += 2) {
    // A list of maps and the index of one of them.
    const key: AnyKey | undefined = own(table, path[at]);
    table = typeof path[at + 1] === "number" ? key?.type.keys : undefined;
  }
  return table;
}

/** The row of the value at `path`; for an item of a list of plain values, the row of the list. */
export function keyAt(path: KeyPath): AnyKey | undefined {
  const last = path.findLastIndex((step) => typeof step === "string");
  return last < 0 ? undefined : own(tableAt(path.slice(0, last)), path[last]);
}

/** Values that the tables do not know are taken for secrets. */
export function secretAt(path: KeyPath): Secret | undefined {
  if (
    path.length === 0 || path[0] === "paths" && path.length < 3 ||
    path.length === 1 && path[0] === "pathDefaults"
  ) {
    return undefined;
  }
  const key = keyAt(path);
  return key === undefined ? "all" : key.secret;
}

function own(table: KeyTable | undefined, name: string | number): AnyKey | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
