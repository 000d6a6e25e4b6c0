/** Candidate lines: RFC 8839 §5.1, RFC 6544 §4.5. Names, mDNS ones too, stay names. */
import { ParseError } from "../../../../base/errors.ts";
import type { IceCandidate } from "../../contracts.ts";

/** Characters of a line; longer ones are refused. */
export const maxCandidateLength = 1024;

const types: readonly IceCandidate["type"][] = ["host", "srflx", "prflx", "relay"];
const tcpTypes: readonly NonNullable<IceCandidate["tcpType"]>[] = ["active", "passive", "so"];

function parseInteger(text: string, field: string, lowest: number, highest: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= lowest && value <= highest)) throw new ParseError(field, `is '${text.slice(0, 40)}'`);
  return value;
}

function parseOneOf<T extends string>(text: string | undefined, values: readonly T[], field: string): T {
  const found = values.find((value) => value === text?.toLowerCase());
  if (found === undefined) throw new ParseError(field, `is '${text?.slice(0, 40) ?? ""}'`);
  return found;
}

/**
 * `candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host`, with or without `a=` or `candidate:`. Unknown extensions are
 * skipped. Throws ParseError.
 */
export function parseCandidate(line: string): IceCandidate {
  if (line.length > maxCandidateLength) {
    throw new ParseError("candidate", `over ${maxCandidateLength} characters`);
  }
  const parts = line.trim().replace(/^a=/, "").replace(/^candidate:/, "").split(/\s+/);
  if (parts.length < 8 || parts[6] !== "typ") {
    throw new ParseError("candidate", "has too few fields, or no typ");
  }
  const [foundation, component, transport, priority, host, port, , type] = parts;
  if (!/^[A-Za-z0-9+/]{1,32}$/.test(foundation)) throw new ParseError("foundation", `is '${foundation}'`);
  if (!/^[A-Za-z0-9.:_-]{1,255}$/.test(host)) throw new ParseError("connection-address", "is malformed");
  const extensions = new Map<string, string>();
  for (let i = 8; i + 1 < parts.length; i += 2) {
    if (!extensions.has(parts[i])) extensions.set(parts[i], parts[i + 1]);
  }
  const related = extensions.get("raddr");
  const kind = parseOneOf(transport, ["udp", "tcp"], "transport");
  return {
    foundation,
    component: parseInteger(component, "component-id", 1, 2) === 1 ? 1 : 2,
    transport: kind,
    priority: parseInteger(priority, "priority", 0, 0xffffffff),
    host,
    port: parseInteger(port, "port", 0, 65535),
    type: parseOneOf(type, types, "candidate type"),
    relatedAddress: related === undefined
      ? null
      : { ip: related, port: parseInteger(extensions.get("rport") ?? "0", "rport", 0, 65535) },
    tcpType: kind === "udp" ? null : parseOneOf(extensions.get("tcptype"), tcpTypes, "tcptype"),
  };
}

/** The value of `a=`: begins with `candidate:`. */
export function serializeCandidate(candidate: IceCandidate): string {
  const { foundation, component, transport, priority, host, port, type, relatedAddress, tcpType } = candidate;
  const related = relatedAddress === null ? "" : ` raddr ${relatedAddress.ip} rport ${relatedAddress.port}`;
  const tcp = tcpType === null ? "" : ` tcptype ${tcpType}`;
  return `candidate:${foundation} ${component} ${transport} ${priority} ${host} ${port} typ ${type}${related}${tcp}`;
}

/** `host/udp/192.0.2.1/8189`: the form of logs. */
export function candidateText({ type, transport, host, port }: IceCandidate): string {
  return `${type}/${transport}/${host}/${port}`;
}

/** Random names that browsers use to hide their addresses; nobody but their own network resolves them. */
export function isMdnsName(host: string): boolean {
  return host.toLowerCase().endsWith(".local");
}

/** Priority of component 1 (RFC 8445 §5.1.2.1): type preference 0–126, local preference 0–65535. */
export function candidatePriority(typePreference: number, localPreference: number): number {
  return typePreference * 2 ** 24 + localPreference * 2 ** 8 + 255;
}

/** RFC 8445 §5.1.2.2. */
export const typePreference: Readonly<Record<IceCandidate["type"], number>> = {
  host: 126,
  prflx: 110,
  srflx: 100,
  relay: 0,
};

/** Type preference of host candidates over TCP: below every UDP candidate but relays (RFC 6544 §4.2). */
export const tcpHostPreference = 99;

/** Local preference of TCP candidates: direction 4 is passive (RFC 6544 §4.2). */
export function tcpPassivePreference(otherPreference: number): number {
  return 4 * 2 ** 13 + otherPreference;
}
