/** The variables that commands find in their environment. */
import type { HookEnvironment } from "./command/process.ts";
import type { Party } from "./events.ts";

/**
 * Of every path. Names of paths have letters, digits and `_ - / .` only, and groups are parts of them: nothing that
 * means something to a shell.
 */
export function pathEnvironment(
  name: string,
  groups: readonly string[],
  rtspAddress: string,
): HookEnvironment {
  const environment: Record<string, string> = {
    MTX_PATH: name,
    RTSP_PATH: name,
    RTSP_PORT: portOf(rtspAddress),
  };
  groups.forEach((group, i) => {
    if (i > 0) environment[`G${i}`] = group;
  });
  return environment;
}

/** Of a query, without `?`. */
export function queryEnvironment(query: string): HookEnvironment {
  return { MTX_QUERY: escapeQuery(query) };
}

/** `MTX_SOURCE_TYPE`, `MTX_SOURCE_ID` and so on. */
export function partyEnvironment(
  prefix: "MTX_CONN" | "MTX_SOURCE" | "MTX_READER",
  party: Party | null,
): HookEnvironment {
  return party === null ? {} : { [`${prefix}_TYPE`]: party.type, [`${prefix}_ID`]: party.id };
}

/** The port of `host:port`. */
export function portOf(address: string): string {
  return address.slice(address.lastIndexOf(":") + 1);
}

/** As Go's `url.QueryEscape`: letters, digits and `-_.~` stay, a space becomes `+`, all else its bytes. */
export function escapeQuery(query: string): string {
  let escaped = "";
  for (const byte of new TextEncoder().encode(query)) {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.~]/.test(char)) escaped += char;
    else escaped += char === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}
