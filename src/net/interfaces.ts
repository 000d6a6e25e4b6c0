/** The addresses of this machine. */
import { unmapIp } from "./address.ts";

export interface InterfaceAddress {
  readonly interfaceName: string;
  readonly ip: string;
}

/** In the order of the system. Without link-local IPv6 addresses: they mean nothing without a zone. */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  const out: InterfaceAddress[] = [];
  for (const { name, address } of Deno.networkInterfaces()) {
    if (/^fe[89ab]/i.test(address)) continue;
    out.push({ interfaceName: name, ip: unmapIp(address) });
  }
  return out;
}
