/**
 * Environment variables that override the file: `MTX_LOGLEVEL`, `MTX_PATHDEFAULTS_RECORD`, `MTX_PATHS_CAM_SOURCE`,
 * `MTX_AUTHINTERNALUSERS_0_USER`. They are put into the written form, so that the schema checks them like the file.
 */
import type { Issues } from "./issue.ts";
import { type AnyKey, isAlias, type KeyTable } from "./key.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";
import { emptyMap, isRawMap, type KeyPath, type Raw, type RawMap } from "./raw.ts";
import type { ValueType } from "./value_type.ts";

export type Env = Readonly<Record<string, string>>;

/** Items that an indexed list may get from the environment. */
const maxItems = 1000;
const min32 = -(2 ** 31);
const max32 = 2 ** 31 - 1;
const maxUnsigned32 = 2 ** 32 - 1;

/** Overlays `issues.raw` with the variables of one prefix (`MTX`). Problems become issues. */
export function applyEnv(env: Env, prefix: string, issues: Issues): void {
  const names = Object.keys(env).filter((name) => name.startsWith(`${prefix}_`)).sort();
  if (names.length === 0) return;
  const root = isRawMap(issues.raw) ? issues.raw : emptyMap();
  issues.raw = root;
  const overlay = new EnvOverlay(env, names, issues);
  overlay.table(globalKeys, prefix, root, []);
  const defaults = `${prefix}_PATHDEFAULTS`;
  if (overlay.any(`${defaults}_`)) {
    overlay.table(pathKeys, defaults, childMap(root, "pathDefaults"), ["pathDefaults"]);
  }
  overlay.paths(`${prefix}_PATHS_`, root);
}

/** The map under a key, made when there is none. Something else than a map is replaced: the schema has no other use for it. */
function childMap(map: RawMap, key: string): RawMap {
  const present = Object.hasOwn(map, key) ? map[key] : null;
  if (isRawMap(present)) return present;
  const made = emptyMap();
  map[key] = made;
  return made;
}

class EnvOverlay {
  constructor(
    private readonly env: Env,
    private readonly names: readonly string[],
    private readonly issues: Issues,
  ) {}

  any(start: string): boolean {
    return this.names.some((name) => name.startsWith(start));
  }

  table(keys: KeyTable, prefix: string, map: RawMap, path: KeyPath): void {
    for (const [name, key] of Object.entries(keys)) {
      const variable = `${prefix}_${name.toUpperCase()}`;
      if (key.type.kind === "structs") this.#structs(key, variable, map, [...path, name]);
      else if (Object.hasOwn(this.env, variable)) this.#set(key.type, variable, map, [...path, name]);
    }
  }

  /** Names are in upper case, and end at the next underscore; only `ALL_OTHERS` may have one. */
  paths(start: string, root: RawMap): void {
    const found = new Set<string>();
    for (const name of this.names) {
      if (!name.startsWith(start)) continue;
      const rest = name.slice(start.length);
      const token = rest.startsWith("ALL_OTHERS_") ? "ALL_OTHERS" : rest.split("_", 1)[0];
      if (token !== "" && token === token.toUpperCase()) found.add(token);
    }
    for (const token of found) {
      const paths = childMap(root, "paths");
      const name = token.toLowerCase();
      const path = ["paths", name];
      if (!Object.hasOwn(paths, name)) {
        this.issues.origins.setValue(path, { kind: "env", variable: `${start}${token}` });
      }
      this.table(pathKeys, start + token, childMap(paths, name), path);
    }
  }

  #set(type: ValueType<unknown>, variable: string, map: RawMap, path: KeyPath): void {
    this.issues.origins.setValue(path, { kind: "env", variable });
    const text = this.env[variable];
    const key = String(path.at(-1));
    if (type.kind !== "list") {
      map[key] = this.#scalar(type, text, path);
      return;
    }
    const item = type.item;
    map[key] = text === ""
      ? []
      : text.split(",").map((part) => item === undefined ? part : this.#scalar(item, part, path));
  }

  /** Text in the form the schema expects. What does not fit stays text, and the schema complains. */
  #scalar(type: ValueType<unknown>, text: string, path: KeyPath): Raw {
    switch (type.kind) {
      case "bool": {
        const word = text.toLowerCase();
        if (word === "yes" || word === "true") return true;
        return word === "no" || word === "false" ? false : text;
      }
      case "int":
      case "uint": {
        if (!(type.kind === "int" ? /^[+-]?\d+$/ : /^\d+$/).test(text)) return text;
        const value = Number(text);
        const fits = type.kind === "int" ? value >= min32 && value <= max32 : value <= maxUnsigned32;
        if (!fits) this.issues.add(path, "does not fit into 32 bits", "key");
        return value;
      }
      case "float":
        return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
      default:
        return text;
    }
  }

  /** `NAME_0_KEY` edits the first item of the file (or of the default), and so on; `NAME=""` empties the list. */
  #structs(key: AnyKey, variable: string, map: RawMap, path: KeyPath): void {
    const name = String(path.at(-1));
    if (this.env[variable] === "") {
      this.issues.origins.setValue(path, { kind: "env", variable });
      map[name] = [];
      return;
    }
    if (!this.any(`${variable}_`)) return;
    const items = Object.hasOwn(map, name) ? map[name] : defaultItems(key);
    if (!Array.isArray(items)) return;
    for (let index = 0; index < maxItems; index++) {
      const start = `${variable}_${index}`;
      const given = this.any(`${start}_`);
      if (!given && index >= items.length) break;
      if (!given) continue;
      const present = items[index] ?? null;
      const item = isRawMap(present) ? present : emptyMap();
      items[index] = item;
      this.issues.origins.setValue([...path, index], { kind: "env", variable: start });
      this.table(key.type.keys ?? {}, start, item, [...path, index]);
      map[name] = items;
    }
  }
}

function defaultItems(key: AnyKey): Raw {
  return isAlias(key) ? [] : toRaw(key.type.format(key.default));
}

function toRaw(value: unknown): Raw {
  if (Array.isArray(value)) return value.map(toRaw);
  if (typeof value === "object" && value !== null) {
    const map = emptyMap();
    for (const [key, item] of Object.entries(value)) map[key] = toRaw(item);
    return map;
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
