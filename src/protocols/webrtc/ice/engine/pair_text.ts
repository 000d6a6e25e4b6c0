import type { NetAddress } from "../../../../net/address.ts";
import type { IceCandidate } from "../../contracts.ts";
import { candidateText } from "../wire/candidate.ts";

const isLoopback = (ip: string) => ip === "::1" || ip.startsWith("127.");
const isIpv6 = (ip: string) => ip.includes(":");

/**
 * Both ends of a pair in the form of logs. A socket that listens on every address does not tell which of them a packet
 * was sent to: the candidate that fits best is named. An end that is none of the candidates is peer reflexive.
 */
export function pairText(
  kind: "udp" | "tcp" | "relay",
  remote: NetAddress,
  localCandidates: readonly IceCandidate[],
  remoteCandidates: readonly IceCandidate[],
): { readonly local: string; readonly remote: string } {
  const transport = kind === "tcp" ? "tcp" : "udp";
  const locals = localCandidates.filter((candidate) =>
    candidate.component === 1 &&
    (kind === "relay"
      ? candidate.type === "relay"
      : candidate.type === "host" && candidate.transport === transport)
  );
  const rank = ({ host }: IceCandidate) =>
    Number(isIpv6(host) !== isIpv6(remote.ip)) * 2 + Number(isLoopback(host) !== isLoopback(remote.ip));
  const local = locals.toSorted((a, b) => rank(a) - rank(b)).at(0);
  const known = remoteCandidates.find(({ host, port }) => host === remote.ip && port === remote.port);
  return {
    local: local === undefined ? "" : candidateText(local),
    remote: known === undefined ? `prflx/${transport}/${remote.ip}/${remote.port}` : candidateText(known),
  };
}
