/** Host candidates of the server: which addresses clients are told. */
import type { IceCandidate } from "../contracts.ts";
import type { InterfaceAddress } from "../../../net/interfaces.ts";
import {
  candidatePriority,
  tcpHostPreference,
  tcpPassivePreference,
  typePreference,
} from "./wire/candidate.ts";

/** Candidates of one session's description; more addresses are not told. */
export const maxHostCandidates = 64;

/** What host candidates are made of. A port is null where nothing listens. */
export interface HostFacts {
  readonly udp: { readonly ip: string; readonly port: number } | null;
  readonly tcp: { readonly ip: string; readonly port: number } | null;
  readonly interfaces: readonly InterfaceAddress[];
  readonly ipsFromInterfaces: boolean;
  /** Empty for all. */
  readonly interfaceNames: readonly string[];
  /** Addresses, and names that stand for themselves. */
  readonly additionalHosts: readonly string[];
}

/** True when a socket bound to `bound` gets what is sent to `ip`. `::` gets IPv4 too: that is how it is bound here. */
function listensOn(bound: string, ip: string): boolean {
  if (bound === "::") return true;
  return bound === "0.0.0.0" ? !ip.includes(":") : bound === ip;
}

function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}

/** Addresses of interfaces, loopback last: it is of use to clients on this machine only. */
function interfaceIps(facts: HostFacts): readonly string[] {
  if (!facts.ipsFromInterfaces) return [];
  const names = facts.interfaceNames;
  const ips = facts.interfaces
    .filter(({ interfaceName }) => names.length === 0 || names.includes(interfaceName))
    .map(({ ip }) => ip);
  return [...new Set([...ips.filter((ip) => !isLoopback(ip)), ...ips.filter(isLoopback)])];
}

function candidate(
  host: string,
  port: number,
  transport: "udp" | "tcp",
  component: 1 | 2,
  rank: number,
  index: number,
): IceCandidate {
  const priority = transport === "udp"
    ? candidatePriority(typePreference.host, 65535 - rank)
    : candidatePriority(tcpHostPreference, tcpPassivePreference(8191 - rank));
  return {
    foundation: `${transport === "udp" ? 1 : 2}${index}`,
    component,
    transport,
    priority: priority - (component - 1),
    host,
    port,
    type: "host",
    relatedAddress: null,
    tcpType: transport === "udp" ? null : "passive",
  };
}

/** UDP before TCP. Additional hosts come with both components, as clients of the original expect. */
export function hostCandidates(facts: HostFacts): readonly IceCandidate[] {
  const out: IceCandidate[] = [];
  const ips = interfaceIps(facts);
  for (const transport of ["udp", "tcp"] as const) {
    const bound = transport === "udp" ? facts.udp : facts.tcp;
    if (bound === null) continue;
    const told = ips.filter((ip) => listensOn(bound.ip, ip));
    told.forEach((ip, i) => out.push(candidate(ip, bound.port, transport, 1, i, i)));
    facts.additionalHosts.forEach((host, i) => {
      for (const component of [1, 2] as const) {
        const one = candidate(host, bound.port, transport, component, 0, told.length + i);
        // Both components have the priority of the first one there.
        out.push({ ...one, priority: one.priority + component - 1 });
      }
    });
  }
  return out.slice(0, maxHostCandidates);
}
