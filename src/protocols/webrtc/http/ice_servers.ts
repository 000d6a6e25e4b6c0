/** STUN and TURN servers as clients learn of them (RFC 9725 §4.6). */
import { createHmac, randomBytes } from "node:crypto";
import type { Conf } from "../../../conf/mod.ts";

/** Seconds. */
const lifetime = 24 * 3600;
const secretName = "AUTH_SECRET";

type IceServer = Conf["webrtcICEServers2"][number];

/** User name and password of a server that shares a secret with us (draft-uberti-behave-turn-rest-00 §2.2). */
export function temporaryCredentials(
  secret: string,
  now: number,
  random: string,
): { readonly username: string; readonly password: string } {
  const username = `${Math.floor(now / 1000) + lifetime}:${random}`;
  return { username, password: createHmac("sha1", secret).update(username).digest("base64") };
}

/** What to log in with: as configured, or derived from the secret. `now` in milliseconds since 1970. */
export function serverCredentials(
  { username, password }: IceServer,
  now: number,
): { readonly username: string; readonly password: string } {
  if (username !== secretName) return { username, password };
  return temporaryCredentials(password, now, randomBytes(8).toString("hex"));
}

/** The value of `Link`, null when there are none. */
export function iceServerLinks(servers: readonly IceServer[], now: number): string | null {
  if (servers.length === 0) return null;
  return servers.map((server) => {
    const link = `<${server.url.replace(/[<>\s]/g, "")}>; rel="ice-server"`;
    if (server.username === "") return link;
    const { username, password } = serverCredentials(server, now);
    return `${link}; username="${quoted(username)}"; credential="${
      quoted(password)
    }"; credential-type="password"`;
  }).join(", ");
}

/** RFC 9110 §5.6.4. */
function quoted(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "").replace(/[\\"]/g, (char) => `\\${char}`);
}
