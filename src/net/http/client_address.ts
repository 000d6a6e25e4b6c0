/** Who has sent a request, behind reverse proxies that are believed. */
import { type NetAddress, unmapIp } from "../address.ts";
import { tryParseIp } from "../ip.ts";
import { anyNetworkContains, type Network } from "../networks.ts";

/** Addresses of one X-Forwarded-For that are looked at, from the last one on. */
const maxHops = 32;

/** The peer, or whom a trusted peer names. The port is always the peer's. */
export function clientAddress(peer: NetAddress, headers: Headers, trusted: readonly Network[]): NetAddress {
  if (trusted.length === 0 || !anyNetworkContains(trusted, peer.ip)) return peer;
  const ip = forwardedFor(headers.get("x-forwarded-for"), trusted) ?? plainIp(headers.get("x-real-ip"));
  return ip === null ? peer : { ip, port: peer.port };
}

/**
 * Each proxy appends whom it has seen, so that the last address which is no trusted proxy is the client; what stands before
 * it may be invented. Null when something on the way is no address.
 */
function forwardedFor(header: string | null, trusted: readonly Network[]): string | null {
  if (header === null) return null;
  const hops = header.split(",");
  for (let i = hops.length - 1; i >= 0 && i >= hops.length - maxHops; i--) {
    const ip = plainIp(hops[i]);
    if (ip === null) return null;
    if (i === 0 || !anyNetworkContains(trusted, ip)) return ip;
  }
  return null;
}

function plainIp(text: string | null): string | null {
  if (text === null) return null;
  const ip = text.trim();
  return tryParseIp(ip) === undefined ? null : unmapIp(ip);
}
