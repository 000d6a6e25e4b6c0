/** The time before `authInternalUsers`: a user, password and networks for the publisher and the readers of each path. */
import type { GlobalValues } from "./conf.ts";
import type { Decoded, Given } from "./decode.ts";
import type { Issues } from "./issue.ts";
import { globalKeys } from "./keys/tables.ts";
import { equalValues } from "./values.ts";

type User = GlobalValues["authInternalUsers"][number];

const names = ["publishUser", "publishPass", "publishIPs", "readUser", "readPass", "readIPs"];

/**
 * The users that old credentials stand for, or undefined when there are none. They cannot be mixed with users of the
 * present kind: that is an issue.
 */
export function legacyUsers(
  decoded: Decoded,
  issues: Issues,
  warn: (text: string) => void,
): readonly User[] | undefined {
  const used = [decoded.pathDefaults, ...decoded.paths.values()].some((given) =>
    names.some((name) => name in given)
  );
  if (!used) return undefined;
  warn(
    "you are using one or more authentication-related deprecated parameters " +
      `(${names.join(", ")}). These have been replaced by 'authInternalUsers'`,
  );
  const users = decoded.globals.authInternalUsers;
  if (users !== undefined && !equalValues(users, globalKeys.authInternalUsers.default)) {
    issues.add(["authInternalUsers"], `cannot be used together with ${names.join(", ")} of paths`, "key");
  }
  const derived: User[] = [
    { user: "any", pass: "", ips: [], permissions: [{ action: "playback", path: "" }] },
    globalKeys.authInternalUsers.default[1],
  ];
  for (const name of [...decoded.paths.keys()].sort()) {
    const given = { ...decoded.pathDefaults, ...decoded.paths.get(name) };
    derived.push(legacyUser(given, "publish", name), legacyUser(given, "read", name));
  }
  return derived;
}

function legacyUser(given: Given, action: "publish" | "read", name: string): User {
  const user = given[`${action}User`];
  const pass = given[`${action}Pass`];
  const ips = given[`${action}IPs`];
  return {
    user: typeof user === "string" && user !== "" ? user : "any",
    pass: typeof pass === "string" ? pass : "",
    ips: Array.isArray(ips) && ips.length > 0 ? ips : ["0.0.0.0/0"],
    permissions: [{ action, path: name === "all" || name === "all_others" ? "~^.*$" : name }],
  };
}
