/** An IP address and port, as text and number: `{ip: "127.0.0.1", port: 8554}`. IPv4-mapped IPv6 is written as IPv4. */
export interface NetAddress {
  readonly ip: string;
  readonly port: number;
}

/** `ip:port`, or `[ip]:port` for IPv6: the form used in logs and by the API. */
export function addressText(address: NetAddress): string {
  return address.ip.includes(":") ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`;
}

/** `::ffff:10.0.0.1` → `10.0.0.1`; everything else as it is. */
export function unmapIp(ip: string): string {
  return ip.startsWith("::ffff:") && ip.includes(".") ? ip.slice(7) : ip;
}
