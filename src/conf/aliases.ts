/** Old names of keys. They are resolved once, when the configuration is loaded. */
import type { Decoded, Given } from "./decode.ts";
import { isAlias, type KeyTable } from "./key.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";

/** Values without old names. */
export interface Resolved {
  readonly globals: Record<string, unknown>;
  readonly pathDefaults: Record<string, unknown>;
  readonly paths: ReadonlyMap<string, Record<string, unknown>>;
}

/**
 * Moves values from old names to the present ones (they win when both are given) and tells `warn`. The old
 * credentials of paths are dropped here: see `legacy_credentials.ts`.
 */
export function resolveAliases(decoded: Decoded, warn: (text: string) => void): Resolved {
  const globals = withoutAliases(globalKeys, decoded.globals);
  const pathDefaults = withoutAliases(pathKeys, decoded.pathDefaults);
  moveAll(globalKeys, decoded.globals, globals, pathDefaults, warn);
  moveAll(pathKeys, decoded.pathDefaults, pathDefaults, pathDefaults, warn);
  const paths = new Map<string, Record<string, unknown>>();
  for (const [name, given] of decoded.paths) {
    const values = withoutAliases(pathKeys, given);
    moveAll(pathKeys, given, values, values, warn);
    paths.set(name, values);
  }
  return { globals, pathDefaults, paths };
}

function withoutAliases(table: KeyTable, given: Given): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !isAlias(table[name])));
}

function moveAll(
  table: KeyTable,
  given: Given,
  values: Record<string, unknown>,
  pathDefaults: Record<string, unknown>,
  warn: (text: string) => void,
): void {
  const inPathDefaults = "pathDefaults.";
  for (const [name, value] of Object.entries(given)) {
    const key = table[name];
    if (!isAlias(key)) {
      if (key.deprecated?.warning !== undefined) warn(key.deprecated.warning);
      continue;
    }
    const { of, as } = key.alias;
    if (as === "credentials") continue;
    const replacement = as === "authHttp" ? `'authMethod' and '${of}'` : `'${of}'`;
    warn(`parameter '${name}' is deprecated and has been replaced with ${replacement}`);
    if (of.startsWith(inPathDefaults)) pathDefaults[of.slice(inPathDefaults.length)] = value;
    else if (as === "inverted") values[of] = value !== true;
    else if (as === "list") values[of] = [value];
    else if (as === "iceServers") values[of] = [...listOf(values[of]), ...listOf(value).map(parseIceServer)];
    else values[of] = value;
    if (as === "authHttp") values.authMethod = "http";
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `turn:user:pass:host:port`, or a URL without credentials. */
function parseIceServer(server: unknown): unknown {
  const url = String(server);
  const parts = url.split(":");
  if (parts.length !== 5) return { url, username: "", password: "", clientOnly: false };
  const [scheme, username, password, host, port] = parts;
  return { url: `${scheme}:${host}:${port}`, username, password, clientOnly: false };
}
