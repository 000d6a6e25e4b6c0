/** IP networks of the configuration: who may log in, which proxies are trusted. */
import { ParseError } from "../base/errors.ts";
import { ipText, isMappedIp, tryParseIp } from "./ip.ts";

/** `ip` has 4 or 16 bytes, host bits zeroed; `prefix` is the number of leading bits that count. */
export interface Network {
  readonly ip: Uint8Array;
  readonly prefix: number;
}

/**
 * `10.1.2.3`, `10.1.2.3/8` (host bits are zeroed), `::1`, `fd00::/8`. An IPv4-mapped network (`::ffff:10.0.0.0/104`) becomes
 * the IPv4 one. Throws ParseError.
 */
export function parseNetwork(text: string): Network {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  let ip = match === null ? undefined : tryParseIp(match[1]);
  if (match === null || ip === undefined) throw new ParseError("IP/CIDR", `unable to parse '${text}'`);
  let prefix = match[2] === undefined ? ip.length * 8 : Number(match[2]);
  if (prefix > ip.length * 8) {
    throw new ParseError("IP/CIDR", `'${text}' has a prefix over ${ip.length * 8}`);
  }
  if (isMappedIp(ip) && prefix >= 96) {
    ip = ip.slice(12);
    prefix -= 96;
  }
  for (let bit = prefix; bit < ip.length * 8; bit++) ip[bit >> 3] &= ~(0x80 >> (bit & 7));
  return { ip, prefix };
}

/** Always with the prefix: `10.0.0.0/8`, `127.0.0.1/32`. */
export function serializeNetwork(network: Network): string {
  return `${ipText(network.ip)}/${network.prefix}`;
}

/** `ip` as text; an IPv4-mapped one counts as IPv4. IPv4 is never inside an IPv6 network or the other way round. */
export function networkContains(network: Network, ip: string): boolean {
  let bytes: Uint8Array | undefined = tryParseIp(ip);
  if (bytes === undefined) return false;
  if (isMappedIp(bytes)) bytes = bytes.subarray(12);
  if (bytes.length !== network.ip.length) return false;
  const whole = network.prefix >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== network.ip[i]) return false;
  const rest = network.prefix & 7;
  return rest === 0 || (bytes[whole] ^ network.ip[whole]) >> (8 - rest) === 0;
}

export function anyNetworkContains(networks: readonly Network[], ip: string): boolean {
  return networks.some((network) => networkContains(network, ip));
}
