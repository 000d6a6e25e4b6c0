/** Host names → addresses, the way the system does it: with its hosts file. */
import { lookup } from "node:dns/promises";
import { UserError } from "../base/errors.ts";
import { tryParseIp } from "./ip.ts";

/** All addresses of a name, or the address itself. Throws UserError: `lookup media.example: not found`. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  if (tryParseIp(host) !== undefined) return [host];
  try {
    const found = await lookup(host, { all: true, order: "ipv4first" });
    return found.map(({ address }) => address);
  } catch {
    throw new UserError(`lookup ${host}: not found`);
  }
}
