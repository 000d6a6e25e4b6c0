/** Candidates as attributes: RFC 8839 §5.1, for TCP RFC 6544 §4.5. */
import { ParseError } from "../../../base/errors.ts";
import type { IceCandidate } from "../contracts.ts";

/** Longest host name (RFC 1035 §2.3.4) and longest foundation (RFC 8839 §5.1). */
const maxHost = 253;
const maxFoundation = 32;
const maxPriority = 2 ** 31 - 1;

const types: readonly IceCandidate["type"][] = ["host", "srflx", "prflx", "relay"];
const tcpTypes: readonly NonNullable<IceCandidate["tcpType"]>[] = ["active", "passive", "so"];

/** The value of `a=candidate`, also with `candidate:` in front of it. Throws ParseError. */
export function parseCandidate(value: string): IceCandidate {
  const [foundation = "", component, transport = "", priority, host = "", port, typ, type, ...rest] = value
    .trim().replace(/^(?:a=)?candidate:/, "").split(/\s+/);
  if (!/^[A-Za-z0-9+/]+$/.test(foundation) || foundation.length > maxFoundation) throw wrong("foundation");
  if (component !== "1" && component !== "2") throw wrong("component");
  const protocol = transport.toLowerCase();
  if (protocol !== "udp" && protocol !== "tcp") throw wrong("transport");
  if (!/^[\w.:%-]+$/.test(host) || host.length > maxHost) throw wrong("address");
  const known = types.find((name) => name === type);
  if (typ !== "typ" || known === undefined) throw wrong("type");
  const extensions = pairs(rest);
  const relatedIp = extensions.get("raddr");
  const relatedPort = extensions.get("rport");
  return {
    foundation,
    component: component === "1" ? 1 : 2,
    transport: protocol,
    priority: number(priority, maxPriority, "priority"),
    host,
    port: number(port, 65_535, "port"),
    type: known,
    relatedAddress: relatedIp === undefined || relatedPort === undefined
      ? null
      : { ip: relatedIp, port: number(relatedPort, 65_535, "rport") },
    tcpType: protocol === "tcp" ? tcpTypes.find((name) => name === extensions.get("tcptype")) ?? null : null,
  };
}

function wrong(what: string): ParseError {
  return new ParseError("a=candidate", `its ${what} is missing or wrong`);
}

function number(text: string | undefined, max: number, what: string): number {
  const value = /^\d{1,10}$/.test(text ?? "") ? Number(text) : NaN;
  if (!(value <= max)) throw wrong(what);
  return value;
}

function pairs(words: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let i = 0; i + 1 < words.length; i += 2) found.set(words[i], words[i + 1]);
  return found;
}

/** The value of `a=candidate`. */
export function serializeCandidate(candidate: IceCandidate): string {
  const { foundation, component, transport, priority, host, port, type, relatedAddress, tcpType } = candidate;
  return [
    `${foundation} ${component} ${transport} ${priority} ${host} ${port} typ ${type}`,
    ...(relatedAddress === null ? [] : [`raddr ${relatedAddress.ip} rport ${relatedAddress.port}`]),
    ...(tcpType === null ? [] : [`tcptype ${tcpType}`]),
  ].join(" ");
}
