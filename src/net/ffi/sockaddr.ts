/** struct sockaddr_in and sockaddr_in6 of Linux. */
import type { NetAddress } from "../address.ts";
import { ipText, parseIp } from "../ip.ts";
import { linux } from "./libc.ts";

/** Room for either form. */
export const sockaddrSize = 28;
export const sockaddrInSize = 16;

/** Which of the two a socket takes: a dual-stack socket wants IPv4 addresses as mapped sockaddr_in6. */
export type SockaddrFamily = "ipv4" | "ipv6";

/**
 * Writes the address at `offset` and gives its size. An IPv4 address for an `ipv6` socket is mapped; an IPv6 one for an
 * `ipv4` socket gives 0. Throws ParseError when `ip` is no address.
 */
export function writeSockaddr(
  into: Uint8Array,
  offset: number,
  to: NetAddress,
  family: SockaddrFamily,
): number {
  const ip = parseIp(to.ip);
  if (family === "ipv4" && ip.length === 16) return 0;
  const size = family === "ipv4" ? sockaddrInSize : sockaddrSize;
  into.fill(0, offset, offset + size);
  into[offset] = family === "ipv4" ? linux.AF_INET : linux.AF_INET6;
  into[offset + 2] = to.port >> 8;
  into[offset + 3] = to.port;
  if (family === "ipv4") {
    into.set(ip, offset + 4);
  } else if (ip.length === 16) {
    into.set(ip, offset + 8);
  } else {
    into[offset + 18] = 0xff;
    into[offset + 19] = 0xff;
    into.set(ip, offset + 20);
  }
  return size;
}

/** Undefined for other families. */
export function readSockaddr(from: Uint8Array, offset = 0): NetAddress | undefined {
  const port = from[offset + 2] << 8 | from[offset + 3];
  switch (from[offset] | from[offset + 1] << 8) {
    case linux.AF_INET:
      return { ip: ipText(from.subarray(offset + 4, offset + 8)), port };
    case linux.AF_INET6:
      return { ip: ipText(from.subarray(offset + 8, offset + 24)), port };
    default:
      return undefined;
  }
}
