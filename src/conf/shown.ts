/** Values in the written form, as the API shows them: secrets are replaced by a mark, and the mark is understood when it comes back. */
import type { Conf, PathConf, PathValues } from "./conf.ts";
import { redactUrl } from "./issue.ts";
import { isAlias, type KeyTable, type Secret } from "./key.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";
import type { Overlay } from "./overlay.ts";
import { emptyMap, isRawMap, type Raw, type RawMap } from "./raw.ts";
import { equalValues } from "./values.ts";

/** Stands for a secret. Sent back, it means "unchanged". */
export const redacted = "<redacted>";

/** The global keys; old names that were resolved are gone. */
export function shownGlobals(conf: Conf): RawMap {
  return shownTable(globalKeys, conf);
}

/** The keys of pathDefaults or of a path, with its `name`. */
export function shownPath(values: PathValues | PathConf): RawMap {
  return Object.assign(
    emptyMap(),
    { name: "name" in values ? values.name : "" },
    shownTable(pathKeys, values),
  );
}

/** What the API has changed, for people. */
export function shownOverlay(overlay: Overlay): RawMap {
  const paths = emptyMap();
  for (const [name, change] of overlay.paths) {
    paths[name] = change.action === "delete"
      ? { action: change.action }
      : { action: change.action, values: shownValues(pathKeys, change.values) };
  }
  return {
    global: shownValues(globalKeys, overlay.globals),
    pathDefaults: shownValues(pathKeys, overlay.pathDefaults),
    paths,
  };
}

function shownValues(table: KeyTable, values: RawMap): RawMap {
  const shown = emptyMap();
  for (const [name, value] of Object.entries(values)) {
    const key = Object.hasOwn(table, name) ? table[name] : undefined;
    shown[name] = key === undefined ? redacted : hide(value, key.secret, key.type.keys);
  }
  return shown;
}

function shownTable(table: KeyTable, values: object): RawMap {
  const shown = emptyMap();
  for (const [name, key] of Object.entries(table)) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (isAlias(key) || value === undefined) continue;
    shown[name] = hide(key.type.format(value) as Raw, key.secret, key.type.keys);
  }
  return shown;
}

/** `structs` hide key by key, so that the rest stays readable. */
function hide(value: Raw, secret: Secret | undefined, keys: KeyTable | undefined): Raw {
  if (keys !== undefined) return listOf(value).map((item) => hideStruct(item, keys));
  if (secret === undefined || value === "" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => hide(item, secret, undefined));
  return secret === "url" && typeof value === "string" ? redactUrl(value) : redacted;
}

function hideStruct(item: Raw, keys: KeyTable): Raw {
  if (!isRawMap(item)) return redacted;
  const shown = emptyMap();
  for (const [name, value] of Object.entries(item)) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    shown[name] = key === undefined ? redacted : hide(value, key.secret, key.type.keys);
  }
  return shown;
}

function listOf(value: Raw): readonly Raw[] {
  return Array.isArray(value) ? value : [];
}

/** `given` with every mark replaced by what it stands for. */
export function restoreGlobals(given: RawMap, conf: Conf): RawMap {
  return restoreTable(given, globalKeys, conf);
}

/** The same for pathDefaults or a path. */
export function restorePath(given: RawMap, values: PathValues): RawMap {
  return restoreTable(given, pathKeys, values);
}

function restoreTable(given: RawMap, table: KeyTable, values: object): RawMap {
  const restored = emptyMap();
  for (const [name, value] of Object.entries(given)) {
    const key = Object.hasOwn(table, name) ? table[name] : undefined;
    const current = (values as Readonly<Record<string, unknown>>)[name];
    if (key === undefined || isAlias(key) || current === undefined) {
      restored[name] = value;
      continue;
    }
    const written = key.type.format(current) as Raw;
    restored[name] = restore(value, written, hide(written, key.secret, key.type.keys), key.type.keys);
  }
  return restored;
}

/** `written` is the current value, `shown` what the API says of it. */
function restore(given: Raw, written: Raw, shown: Raw, keys: KeyTable | undefined): Raw {
  if (equalValues(given, shown)) return written;
  if (Array.isArray(given) && Array.isArray(written) && Array.isArray(shown)) {
    return given.map((item, index) => {
      const at = originOf(item, index, shown, keys);
      return at < 0 ? item : restore(item, written[at], shown[at], keys);
    });
  }
  if (isRawMap(given) && isRawMap(written) && isRawMap(shown)) {
    const restored = emptyMap();
    for (const [name, value] of Object.entries(given)) {
      const known = Object.hasOwn(written, name) && Object.hasOwn(shown, name);
      restored[name] = known ? restore(value, written[name], shown[name], undefined) : value;
    }
    return restored;
  }
  return given;
}

/**
 * Which item of the current list this one was: the one that looks the same, else the one in its place; -1 for none. Of
 * several that look alike, the one in the same place: their secrets may differ.
 */
function originOf(item: Raw, index: number, shown: readonly Raw[], keys: KeyTable | undefined): number {
  const same = placeOf(shown, index, (each) => equalValues(each, item));
  if (same >= 0 || !isRawMap(item) || keys === undefined) return same;
  const identity = ["user", "url", "dest"].find((name) => Object.hasOwn(item, name));
  if (identity === undefined) return index < shown.length ? index : -1;
  return placeOf(shown, index, (each) => isRawMap(each) && each[identity] === item[identity]);
}

function placeOf(shown: readonly Raw[], index: number, fits: (each: Raw) => boolean): number {
  return index < shown.length && fits(shown[index]) ? index : shown.findIndex(fits);
}

/** Key paths of marks that stand for nothing: `authInternalUsers[1].pass`. */
export function leftoverMarks(value: Raw, path = ""): string[] {
  if (typeof value === "string") return value.includes(redacted) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((item, i) => leftoverMarks(item, `${path}[${i}]`));
  if (!isRawMap(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    leftoverMarks(item, path === "" ? name : `${path}.${name}`)
  );
}
