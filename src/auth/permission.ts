import { RE2JS } from "re2js";
import type { Logger } from "../base/logger.ts";
import type { AuthAction } from "./contracts.ts";

/** One thing that may be done, as configured: an empty path means every path, `~` starts an RE2 expression. */
export interface Permission {
  /** What may be done. */
  readonly action: AuthAction;
  /** Where; means nothing for `api`, `metrics` and `pprof`. */
  readonly path: string;
}

/** Says whether an action on a path is granted; made once per configuration, since expressions are compiled. */
export type PermissionTest = (action: AuthAction, path: string) => boolean;

const pathActions: ReadonlySet<AuthAction> = new Set(["publish", "read", "playback"]);

export function compilePermissions(permissions: readonly Permission[], logger: Logger): PermissionTest {
  const tests = permissions.map((permission) => ({
    action: permission.action,
    matches: pathActions.has(permission.action) ? pathTest(permission.path, logger) : () => true,
  }));
  return (action, path) => tests.some((test) => test.action === action && test.matches(path));
}

function pathTest(pattern: string, logger: Logger): (path: string) => boolean {
  if (pattern === "") return () => true;
  if (!pattern.startsWith("~")) return (path) => path === pattern;
  try {
    const expression = RE2JS.compile(pattern.slice(1));
    return (path) => expression.matcher(path).find();
  } catch {
    logger.warn(`permission path '${pattern}' is not a valid regular expression, it grants nothing`);
    return () => false;
  }
}
