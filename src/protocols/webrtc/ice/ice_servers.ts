/** STUN and TURN servers of the configuration: RFC 7064, RFC 7065, and credentials made from a shared secret. */
import { createHmac, randomBytes } from "node:crypto";
import { ParseError } from "../../../base/errors.ts";

/** One entry of `webrtcICEServers2`. */
export interface IceServerConf {
  readonly url: string;
  /** `AUTH_SECRET`: user and password are derived from `password`. */
  readonly username: string;
  readonly password: string;
  readonly clientOnly: boolean;
}

/** What a client needs; no credentials for STUN. */
export interface IceServer {
  readonly url: string;
  readonly username: string | null;
  readonly credential: string | null;
}

export interface IceServerAddress {
  readonly kind: "stun" | "turn";
  readonly transport: "udp" | "tcp" | "tls";
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const secretName = "AUTH_SECRET";
/** Seconds that derived credentials are good for. */
export const secretLifetime = 24 * 3600;

/** `stun:host`, `turn:host:3478?transport=tcp`, `turns:[2001:db8::1]:5349`. Throws ParseError. */
export function parseIceServerUrl(url: string): IceServerAddress {
  const match =
    /^(stuns?|turns?):(?:\[([0-9a-fA-F:.]+)\]|([^:[\]?/]+))(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/
      .exec(url);
  if (match === null) throw new ParseError("ICE server", `'${url}' is not of the form turn:host:port`);
  const [, scheme, ipv6, name, portText, transport] = match;
  const secure = scheme.endsWith("s");
  const port = portText === undefined ? secure ? 5349 : 3478 : Number(portText);
  if (port === 0 || port > 65535) throw new ParseError("ICE server", `'${url}' has a wrong port`);
  if (secure && (transport === "udp" || scheme === "stuns")) {
    throw new ParseError("ICE server", `'${url}' is not supported: TLS is for TURN over TCP only`);
  }
  if (scheme === "stun" && transport === "tcp") {
    throw new ParseError("ICE server", `'${url}' is not supported: STUN is asked over UDP only`);
  }
  return {
    kind: scheme.startsWith("stun") ? "stun" : "turn",
    transport: secure ? "tls" : transport === "tcp" ? "tcp" : "udp",
    host: ipv6 ?? name,
    port,
  };
}

/** User and password for one use; `now` in milliseconds since 1970. */
export function iceServerFor(server: IceServerConf, now: number): IceServer {
  const { url, username, password } = server;
  if (url.startsWith("stun") || username === "") return { url, username: null, credential: null };
  if (username !== secretName) return { url, username, credential: password };
  const expires = Math.floor(now / 1000) + secretLifetime;
  const derived = `${expires}:${randomBytes(10).toString("hex")}`;
  return {
    url,
    username: derived,
    credential: createHmac("sha1", password).update(derived).digest("base64"),
  };
}

/** All servers for a client, those that only clients use among them. */
export function iceServersFor(servers: readonly IceServerConf[], now: number): readonly IceServer[] {
  return servers.map((server) => iceServerFor(server, now));
}

/** Values of `Link` headers (RFC 9725 §4.6). */
export function iceServerLinks(servers: readonly IceServer[]): readonly string[] {
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;
  return servers.map(({ url, username, credential }) => {
    const link = `<${url}>; rel="ice-server"`;
    if (username === null || credential === null) return link;
    return `${link}; username=${quoted(username)}; credential=${
      quoted(credential)
    }; credential-type="password"`;
  });
}
