/** From the written form to the loaded form: unknown keys, null, types and grammars. */
import type { Issues } from "./issue.ts";
import { type AnyKey, isAlias, type KeyTable } from "./key.ts";
import { keyAt } from "./key_path.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";
import { emptyMap, isRawMap, type KeyPath, type Raw, rawAt, type RawMap } from "./raw.ts";
import { unknownKeyText } from "./suggest.ts";

/** Loaded values under the keys that are present, old names included. */
export type Given = Readonly<Record<string, unknown>>;

export interface Decoded {
  readonly globals: Given;
  readonly pathDefaults: Given;
  readonly paths: ReadonlyMap<string, Given>;
}

/** Reads `issues.raw`; whatever is wrong becomes an issue. */
export function decode(issues: Issues): Decoded {
  const paths = new Map<string, Given>();
  if (!isRawMap(issues.raw)) {
    issues.add([], "the file must be a map of keys and values");
    return { globals: {}, pathDefaults: {}, paths };
  }
  const { pathDefaults, paths: entries, ...globals } = issues.raw;
  const decoded: Decoded = {
    globals: decodeTable(globalKeys, globals, [], "default", issues),
    pathDefaults: decodeTable(
      pathKeys,
      mapOf(pathDefaults, ["pathDefaults"], issues),
      ["pathDefaults"],
      "default",
      issues,
    ),
    paths,
  };
  for (const [name, entry] of Object.entries(mapOf(entries, ["paths"], issues))) {
    const path = ["paths", name];
    paths.set(name, decodeTable(pathKeys, mapOf(entry, path, issues), path, "absent", issues));
  }
  return decoded;
}

function mapOf(value: Raw | undefined, path: KeyPath, issues: Issues): RawMap {
  if (isRawMap(value)) return value;
  if (value !== undefined && value !== null) issues.add(path, "must be a map of keys and values");
  return emptyMap();
}

/**
 * `nulls`: what a key without value means. In an entry of `paths` it is as good as not given; at the top and in
 * `pathDefaults` that is so for plain values only.
 */
function decodeTable(
  table: KeyTable,
  map: RawMap,
  path: KeyPath,
  nulls: "default" | "absent",
  issues: Issues,
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [name, written] of Object.entries(map)) {
    const at = [...path, name];
    if (!Object.hasOwn(table, name)) {
      // MediaMTX's API shows the name inside each path, and accepts it back.
      if (!(name === "name" && path.length > 0)) issues.add(at, unknownKeyText(at), "key");
      continue;
    }
    const key = table[name];
    const value = written === null ? nullValue(key, nulls) : withoutNulls(key, written);
    if (value === undefined) continue;
    const result = key.type.schema.safeParse(value);
    if (result.success) given[name] = result.data;
    else for (const issue of result.error.issues) addIssue(issue, at, written, issues);
  }
  return given;
}

/** What null stands for; undefined for "not given". A list stays null, which its schema refuses. */
function nullValue(key: AnyKey, nulls: "default" | "absent"): Raw | undefined {
  if (nulls === "absent" || isAlias(key) || key.default === undefined) return undefined;
  switch (key.type.kind) {
    case "list":
    case "structs":
      return null;
    case "duration":
    case "size":
    case "word":
      return "";
    default:
      return undefined;
  }
}

/** The same for the keys of list items. */
function withoutNulls(key: AnyKey, value: Raw): Raw {
  const keys = key.type.keys;
  if (keys === undefined || !Array.isArray(value)) return value;
  return value.map((item) => {
    if (!isRawMap(item)) return item;
    const copy: RawMap = {};
    for (const [name, written] of Object.entries(item)) {
      const inner = Object.hasOwn(keys, name) ? keys[name] : undefined;
      const kept = inner === undefined
        ? written
        : written === null
        ? nullValue(inner, "default")
        : withoutNulls(inner, written);
      if (kept !== undefined) Object.defineProperty(copy, name, { value: kept, enumerable: true });
    }
    return copy;
  });
}

interface SchemaIssue {
  readonly code?: string;
  readonly message: string;
  readonly path: readonly PropertyKey[];
  readonly keys?: readonly string[];
}

function addIssue(issue: SchemaIssue, at: KeyPath, written: Raw, issues: Issues): void {
  const path = [...at, ...issue.path.map((step) => typeof step === "number" ? step : String(step))];
  if (issue.code === "unrecognized_keys") {
    for (const name of issue.keys ?? []) issues.add([...path, name], unknownKeyText([...path, name]), "key");
    return;
  }
  const key = keyAt(path);
  if (key !== undefined && rawAt(written, path.slice(at.length)) === undefined) {
    issues.add(path, key.type.words === undefined ? "is missing" : `is missing: ${issue.message}`);
    return;
  }
  const isNullList = written === null && issue.path.length === 0;
  const hint = isNullList ? " (write [] for an empty one)" : "";
  issues.add(path, issue.message + hint);
}
