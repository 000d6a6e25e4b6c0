/** One change by the API becomes a new overlay. */
import { UserError } from "../base/errors.ts";
import type { Conf } from "./conf.ts";
import { type ConfEdit, NoSuchPathError } from "./control.ts";
import { emptyOverlay, type Overlay, patchMap, patchPath, type PathOverlay } from "./overlay.ts";
import { emptyMap, type RawMap } from "./raw.ts";
import { leftoverMarks, redacted, restoreGlobals, restorePath } from "./shown.ts";

/** Does not check the values: the whole configuration is checked with the result. Throws UserError. */
export function applyEdit(edit: ConfEdit, overlay: Overlay, conf: Conf): Overlay {
  switch (edit.kind) {
    case "reset":
      return emptyOverlay;
    case "patchGlobal":
      for (const name of ["paths", "pathDefaults"]) {
        if (Object.hasOwn(edit.values, name)) throw new UserError(`json: unknown field "${name}"`);
      }
      // Only the file can say it: what the API changes is loaded after that is known.
      if (typeof edit.values.apiPersist === "string" && edit.values.apiPersist !== conf.apiPersist) {
        throw new UserError("apiPersist can be changed in the configuration file only");
      }
      return { ...overlay, globals: patchMap(overlay.globals, unmarked(restoreGlobals(edit.values, conf))) };
    case "patchPathDefaults": {
      const values = unmarked(restorePath(withoutName(edit.values), conf.pathDefaults));
      return { ...overlay, pathDefaults: patchMap(overlay.pathDefaults, values) };
    }
    case "addPath":
      if (conf.entries.has(edit.name)) throw new UserError("path already exists");
      return withPath(overlay, edit.name, replaced(edit.name, edit.values, conf));
    case "replacePath":
      return withPath(overlay, edit.name, replaced(edit.name, edit.values, conf));
    case "patchPath": {
      if (!conf.entries.has(edit.name)) throw new NoSuchPathError("path not found");
      return withPath(
        overlay,
        edit.name,
        patchPath(overlay.paths.get(edit.name), given(edit.name, edit.values, conf)),
      );
    }
    case "deletePath":
      if (!conf.entries.has(edit.name)) throw new NoSuchPathError("path not found");
      return withPath(overlay, edit.name, { action: "delete" });
  }
}

function withPath(overlay: Overlay, name: string, change: PathOverlay): Overlay {
  return { ...overlay, paths: new Map(overlay.paths).set(name, change) };
}

function replaced(name: string, values: RawMap, conf: Conf): PathOverlay {
  return { action: "replace", values: patchMap(emptyMap(), given(name, values, conf)) };
}

function given(name: string, values: RawMap, conf: Conf): RawMap {
  return unmarked(restorePath(withoutName(values), conf.paths.get(name) ?? conf.pathDefaults));
}

/** The API shows the name inside each path. */
function withoutName(values: RawMap): RawMap {
  const rest = patchMap(emptyMap(), values);
  delete rest.name;
  return rest;
}

/** A mark that stands for nothing would become the secret. */
function unmarked(values: RawMap): RawMap {
  const marks = leftoverMarks(values);
  if (marks.length > 0) {
    throw new UserError(`${marks[0]}: '${redacted}' stands for no value that is known here`);
  }
  return values;
}
