/** The claim of a token that says what its holder may do. */
import type { AuthAction } from "./contracts.ts";
import type { Permission } from "./permission.ts";
import { Refused } from "./refused.ts";

const actions: ReadonlySet<unknown> = new Set<AuthAction>([
  "publish",
  "read",
  "playback",
  "api",
  "metrics",
  "pprof",
]);

/**
 * A list of `{action, path}`, or a string that holds it as JSON (some issuers have texts only). Nothing that is not
 * understood is passed over: it might have been a restriction. Throws `Refused`.
 */
export function permissionsOf(payload: Readonly<Record<string, unknown>>, key: string): Permission[] {
  if (!Object.hasOwn(payload, key)) throw new Refused("denied", `claim '${key}' not found inside JWT`);
  const claim = payload[key];
  const list = typeof claim === "string" ? parseJson(claim, key) : claim;
  if (!Array.isArray(list)) throw invalid(key, "must be a list of permissions");
  return list.map((entry: unknown, i) => permissionOf(entry, key, i));
}

function permissionOf(entry: unknown, key: string, index: number): Permission {
  const where = `permission ${index + 1}`;
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    throw invalid(key, `${where} must be an object`);
  }
  const { action, path = "", ...others } = entry as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw invalid(key, `${where} has the unknown key '${unknown[0].slice(0, 40)}'`);
  if (!actions.has(action)) throw invalid(key, `${where} has no known action`);
  if (typeof path !== "string") throw invalid(key, `path of ${where} must be a text`);
  return { action: action as AuthAction, path };
}

function parseJson(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(key, "is not valid JSON");
  }
}

function invalid(key: string, reason: string): Refused {
  return new Refused("denied", `claim '${key}': ${reason}`);
}
