/** The file that keeps the changes made by the API. */
import { stringify } from "yaml";
import { type Issues } from "./issue.ts";
import { emptyOverlay, type Overlay, type PathOverlay } from "./overlay.ts";
import { emptyMap, isRawMap, type Raw, type RawMap } from "./raw.ts";

const header = [
  "# Changes made through the API. They are loaded after the configuration file and the environment, and win.",
  "# Written anew at each change; GET /v3/config/overlay shows it, DELETE /v3/config/overlay takes everything back.",
].join("\n");

/** The text of the file. Words that YAML 1.1 takes for booleans are quoted: configurations are read like that. */
export function serializeOverlay(overlay: Overlay): string {
  return `${header}\n${stringify(overlayToRaw(overlay), { compat: "yaml-1.1" })}`;
}

/** The same as plain values: `{global, pathDefaults, paths: {name: {action, values}}}`. */
export function overlayToRaw(overlay: Overlay): RawMap {
  const paths = emptyMap();
  for (const [name, change] of overlay.paths) {
    paths[name] = change.action === "delete"
      ? { action: change.action }
      : { action: change.action, values: change.values };
  }
  return { global: overlay.globals, pathDefaults: overlay.pathDefaults, paths };
}

/** Reads what `readYaml` has put into `issues`; what is wrong becomes an issue. */
export function parseOverlay(issues: Issues): Overlay {
  const root = mapAt(issues.raw, [], issues);
  for (const name of Object.keys(root)) {
    if (!["global", "pathDefaults", "paths"].includes(name)) issues.add([name], "unknown key", "key");
  }
  const paths = new Map<string, PathOverlay>();
  for (const [name, raw] of Object.entries(mapAt(root.paths, ["paths"], issues))) {
    const change = mapAt(raw, ["paths", name], issues);
    const { action } = change;
    if (action === "delete") paths.set(name, { action });
    else if (action === "patch" || action === "replace") {
      paths.set(name, { action, values: mapAt(change.values, ["paths", name, "values"], issues) });
    } else issues.add(["paths", name, "action"], "must be one of patch, replace, delete");
  }
  return {
    ...emptyOverlay,
    globals: mapAt(root.global, ["global"], issues),
    pathDefaults: mapAt(root.pathDefaults, ["pathDefaults"], issues),
    paths,
  };
}

function mapAt(value: Raw | undefined, path: readonly string[], issues: Issues): RawMap {
  if (isRawMap(value)) return value;
  if (value !== undefined && value !== null) issues.add(path, "must be a map of keys and values");
  return emptyMap();
}
