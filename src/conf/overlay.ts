/**
 * Changes that the API has made, as a layer over file and environment. They are kept in the written form, so that the
 * schema checks them like the file.
 */
import { isAlias, type KeyTable } from "./key.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";
import { emptyMap, isRawMap, type KeyPath, Origins, type Raw, rawAt, type RawMap } from "./raw.ts";

/** What the API has done to one entry of `paths`. */
export type PathOverlay =
  /** Keys over those of the file. */
  | { readonly action: "patch"; readonly values: RawMap }
  /** The whole entry, whatever the file says. */
  | { readonly action: "replace"; readonly values: RawMap }
  | { readonly action: "delete" };

/** All changes. Immutable. */
export interface Overlay {
  readonly globals: RawMap;
  readonly pathDefaults: RawMap;
  readonly paths: ReadonlyMap<string, PathOverlay>;
}

/** No change. */
export const emptyOverlay: Overlay = { globals: emptyMap(), pathDefaults: emptyMap(), paths: new Map() };

/** True when there is nothing in it. */
export function isEmptyOverlay(overlay: Overlay): boolean {
  return Object.keys(overlay.globals).length === 0 && Object.keys(overlay.pathDefaults).length === 0 &&
    overlay.paths.size === 0;
}

/**
 * `values` over `map`; null leaves a key as it is, as in MediaMTX's API. New values stand behind the others: of an old
 * name and the present one, whichever was given last counts.
 */
export function patchMap(map: RawMap, values: RawMap): RawMap {
  const merged = Object.assign(emptyMap(), map);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) continue;
    delete merged[name];
    merged[name] = value;
  }
  return merged;
}

/** Without the deletions of entries that `base` has not: names that come and go shall leave nothing behind. */
export function withoutIdleDeletions(overlay: Overlay, base: Raw): Overlay {
  const paths = [...overlay.paths].filter(([name, { action }]) =>
    action !== "delete" || rawAt(base, ["paths", name]) !== undefined
  );
  return paths.length === overlay.paths.size ? overlay : { ...overlay, paths: new Map(paths) };
}

/** One more change of an entry. */
export function patchPath(before: PathOverlay | undefined, values: RawMap): PathOverlay {
  if (before === undefined) return { action: "patch", values: patchMap(emptyMap(), values) };
  const over = before.action === "delete" ? emptyMap() : before.values;
  return { action: before.action === "delete" ? "replace" : before.action, values: patchMap(over, values) };
}

/** Where values of the overlay are said to come from in messages. */
export interface OverlayPlace {
  /** File of the overlay; absent for a change that is being made. */
  readonly file: string | undefined;
}

/** A copy of `base` with the changes in it. `origins` learns where they come from. */
export function applyOverlay(base: Raw, overlay: Overlay, origins: Origins, place: OverlayPlace): Raw {
  if (isEmptyOverlay(overlay)) return base;
  const layer = new Layer(origins, place);
  const root = isRawMap(base) ? patchMap(base, emptyMap()) : emptyMap();
  layer.set(globalKeys, root, overlay.globals, []);
  if (Object.keys(overlay.pathDefaults).length > 0) {
    for (const name of Object.keys(overlay.pathDefaults)) dropOldNames(root, `pathDefaults.${name}`);
    root.pathDefaults = layer.patched(root.pathDefaults, overlay.pathDefaults, ["pathDefaults"]);
  }
  const paths = isRawMap(root.paths) ? patchMap(root.paths, emptyMap()) : emptyMap();
  // Entries without keys of their own are null, which `patchMap` leaves out.
  if (isRawMap(root.paths)) { for (const name of Object.keys(root.paths)) paths[name] ??= emptyMap(); }
  for (const [name, change] of overlay.paths) {
    const at = ["paths", name];
    if (change.action === "delete") delete paths[name];
    // An entry that has left the file does not come back as what was changed of it.
    else if (change.action === "patch" && !Object.hasOwn(paths, name)) continue;
    else paths[name] = layer.patched(change.action === "patch" ? paths[name] : null, change.values, at);
  }
  root.paths = paths;
  return root;
}

class Layer {
  constructor(private readonly origins: Origins, private readonly place: OverlayPlace) {}

  patched(below: Raw | undefined, values: RawMap, path: KeyPath): RawMap {
    const map = isRawMap(below) ? Object.assign(emptyMap(), below) : emptyMap();
    this.origins.setValue(path, { kind: "overlay", ...this.place });
    this.set(pathKeys, map, values, path);
    return map;
  }

  /** An old name in the layer below must not take the value back. */
  set(table: KeyTable, map: RawMap, values: RawMap, path: KeyPath): void {
    for (const [name, value] of Object.entries(values)) {
      for (const [old, key] of Object.entries(table)) {
        if (!isAlias(key) || !Object.hasOwn(map, old) || old === name) continue;
        if (key.alias.of === name) delete map[old];
        // It also stands for a method, which must not come back: the address alone stays.
        else if (key.alias.as === "authHttp" && name === "authMethod") {
          map[key.alias.of] ??= map[old];
          delete map[old];
        }
      }
      delete map[name];
      map[name] = value;
      this.origins.setKey([...path, name], { kind: "overlay", ...this.place });
      this.origins.setValue([...path, name], { kind: "overlay", ...this.place });
    }
  }
}

/** Old names at the top of a key that has moved to `of`. */
function dropOldNames(root: RawMap, of: string): void {
  for (const [old, key] of Object.entries(globalKeys)) {
    if (isAlias(key) && key.alias.of === of) delete root[old];
  }
}
