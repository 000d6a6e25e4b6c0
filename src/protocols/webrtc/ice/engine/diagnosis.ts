/** Why there is no connection, in plain words: from what was counted to sentences. */
import type { IceCandidate } from "../../contracts.ts";
import { isMdnsName } from "../wire/candidate.ts";

/** What is known about a session when it did not come to life. */
export interface DiagnosisFacts {
  readonly lite: boolean;
  readonly connected: boolean;
  /** Binding requests that were the peer's, and those that were refused. */
  readonly requests: number;
  readonly refused: number;
  readonly requestsFrom: readonly string[];
  readonly checksSent: number;
  readonly checksAnswered: number;
  readonly dtlsReceived: number;
  readonly localCandidates: readonly IceCandidate[];
  readonly remoteCandidates: readonly IceCandidate[];
  readonly ports: { readonly udp: number | null; readonly tcp: number | null };
  readonly hasAdditionalHosts: boolean;
}

/** Addresses that nobody outside of one network can reach (RFC 1918, RFC 4193, RFC 3927, RFC 6598). */
export function isPrivateHost(host: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|127\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/
    .test(host) || /^(f[cd][0-9a-f]|fe[89ab])[0-9a-f]:|^::1$/i.test(host) || isMdnsName(host);
}

function list(items: readonly string[]): string {
  return [...new Set(items)].join(", ");
}

function portText({ udp, tcp }: DiagnosisFacts["ports"]): string {
  if (udp !== null) return `UDP port ${udp}`;
  return tcp === null ? "the port" : `TCP port ${tcp}`;
}

function aboutOffers(facts: DiagnosisFacts): string[] {
  const local = list(facts.localCandidates.map(({ host }) => host));
  if (local === "") {
    return [
      "No address was offered to the client: set webrtcIPsFromInterfaces to yes, " +
      "or webrtcAdditionalHosts to the addresses of this machine.",
    ];
  }
  const remote = list(facts.remoteCandidates.map(({ host }) => host));
  const out = [`The client was told ${local}.`];
  if (remote === "") out.push("The client told no address of its own.");
  else if (facts.remoteCandidates.every(({ host }) => isMdnsName(host))) {
    out.push(
      "The client hides its addresses behind mDNS names, so it must reach this server: the server cannot reach it.",
    );
  }
  return out;
}

function nothingArrived(facts: DiagnosisFacts): string[] {
  const { ports, localCandidates, hasAdditionalHosts } = facts;
  const port = portText(ports);
  const out = [`Nothing arrived from the client on ${port}.`];
  const onlyPrivate = localCandidates.every(({ host }) => isPrivateHost(host));
  if (onlyPrivate && !hasAdditionalHosts) {
    out.push(
      "All offered addresses are private. If this server runs in Docker or behind a router, set " +
        "webrtcAdditionalHosts to the address that clients use for it " +
        `and publish ${port} (Docker: ${dockerFlag(ports)}).`,
    );
  } else {
    out.push(
      `A firewall or router probably keeps the packets away: let ${port} in` +
        ` (Docker: ${dockerFlag(ports)}), and check that the offered addresses are this server's.`,
    );
  }
  if (ports.tcp === null) {
    out.push(
      "If the client's network blocks UDP, set webrtcLocalTCPAddress, or a TURN server in webrtcICEServers2.",
    );
  }
  return out;
}

function dockerFlag({ udp, tcp }: DiagnosisFacts["ports"]): string {
  if (udp !== null) return `-p ${udp}:${udp}/udp`;
  return tcp === null ? "-p" : `-p ${tcp}:${tcp}/tcp`;
}

/** Sentences, most telling first; empty when connected. */
export function advise(facts: DiagnosisFacts): readonly string[] {
  if (facts.connected && (facts.dtlsReceived > 0 || facts.requests === 0)) return [];
  if (facts.localCandidates.length === 0) return aboutOffers(facts);
  const from = list(facts.requestsFrom);
  if (facts.requests === 0 && facts.refused > 0) {
    return [
      `Requests arrived from ${from}, but with the credentials of another session: ` +
      "the client must use the description it was given last.",
    ];
  }
  if (facts.requests === 0) return [...nothingArrived(facts), ...aboutOffers(facts)];
  if (facts.connected) {
    return [
      `Requests arrived from ${from} and were answered, but the client did not begin to encrypt (DTLS): ` +
      "the answers probably do not get back to it, or it has given up.",
    ];
  }
  if (!facts.lite && facts.checksSent > 0 && facts.checksAnswered === 0) {
    return [
      `Requests arrived from ${from}, but none of our own ${facts.checksSent} was answered: ` +
      `packets from ${
        portText(facts.ports)
      } do not get back to the client. Check the firewall for what goes out.`,
      ...aboutOffers(facts),
    ];
  }
  return [
    `Requests arrived from ${from}, and then no more: the client has gone, or its network has changed.`,
  ];
}
