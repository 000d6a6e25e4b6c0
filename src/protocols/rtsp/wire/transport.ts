import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import { type Parameter, parseParameters, parseUnsigned, splitOutsideQuotes } from "./parameters.ts";

/** RTP and RTCP. */
export type NumberPair = readonly [rtp: number, rtcp: number];

/** One alternative of a Transport header (RFC 2326 §12.39, the profiles of RFC 3551 and RFC 3711). */
export interface Transport {
  readonly profile: "AVP" | "SAVP";
  readonly protocol: "UDP" | "TCP";
  readonly delivery?: "unicast" | "multicast";
  readonly source?: string;
  readonly destination?: string;
  /** Channels 0…255. */
  readonly interleaved?: NumberPair;
  /** Of multicast. */
  readonly ttl?: number;
  /** Of multicast. */
  readonly port?: NumberPair;
  readonly clientPort?: NumberPair;
  readonly serverPort?: NumberPair;
  readonly ssrc?: number;
  readonly mode?: "play" | "record";
}

/** Most alternatives that are looked at in one header. */
export const maxTransports = 32;

const profiles: Readonly<Record<string, Pick<Transport, "profile" | "protocol">>> = {
  "RTP/AVP": { profile: "AVP", protocol: "UDP" },
  "RTP/AVP/UDP": { profile: "AVP", protocol: "UDP" },
  "RTP/AVP/TCP": { profile: "AVP", protocol: "TCP" },
  "RTP/SAVP": { profile: "SAVP", protocol: "UDP" },
  "RTP/SAVP/UDP": { profile: "SAVP", protocol: "UDP" },
  "RTP/SAVP/TCP": { profile: "SAVP", protocol: "TCP" },
};

type Mutable = { -readonly [K in keyof Transport]: Transport[K] };

/** The alternatives that we know, in the order of preference of the sender; the others are skipped. */
export function parseTransports(value: string): Transport[] {
  const texts = splitOutsideQuotes(value, ",");
  if (texts.length > maxTransports) {
    throw new ParseError("Transport", `more than ${maxTransports} alternatives`);
  }
  return texts.map(parseAlternative).filter((transport) => transport !== null);
}

/** A header with one alternative: what a response carries. */
export function parseTransport(value: string): Transport {
  const transport = parseTransports(value)[0];
  if (transport === undefined) throw new ParseError("Transport", `no known profile in ${quoted(value)}`);
  return transport;
}

function parseAlternative(text: string): Transport | null {
  const all = parseParameters(text, ";");
  // Some clients write other parameters in front of the profile.
  const at = all.findIndex((parameter) => profiles[profileKey(parameter)] !== undefined);
  if (at < 0) return null;
  const transport: Mutable = { ...profiles[profileKey(all[at])] };
  for (const parameter of all) applyParameter(parameter, transport);
  return transport;
}

function profileKey(parameter: Parameter): string {
  return parameter.value === undefined ? parameter.name.replace(/\s+/g, "").toUpperCase() : "";
}

function applyParameter({ name, value }: Parameter, into: Mutable): void {
  switch (name.toLowerCase()) {
    case "unicast":
    case "multicast":
      into.delivery = name.toLowerCase() === "unicast" ? "unicast" : "multicast";
      break;
    case "source":
      if (value) into.source = value;
      break;
    case "destination":
      if (value) into.destination = value;
      break;
    case "interleaved":
      into.interleaved = parsePair("interleaved", value, 255);
      break;
    case "ttl":
      into.ttl = parseBounded("ttl", value, 255);
      break;
    case "port":
      into.port = parsePair("port", value, 65535);
      break;
    case "client_port":
      into.clientPort = parsePair("client_port", value, 65535);
      break;
    case "server_port":
      into.serverPort = parsePair("server_port", value, 65535);
      break;
    case "ssrc": {
      // Cameras send decimal numbers, too many digits and empty values here; nobody depends on it.
      const digits = value?.replace(/^0x/i, "") ?? "";
      if (/^[0-9a-f]{1,8}$/i.test(digits)) into.ssrc = parseInt(digits, 16);
      break;
    }
    case "mode":
      into.mode = parseMode(value ?? "");
      break;
  }
}

/** `5000-5001`; a single number stands for itself and the one after it. */
function parsePair(field: string, value: string | undefined, max: number): NumberPair {
  const [first, second, ...more] = (value ?? "").split("-").map((part) => part.trim());
  const rtp = parseUnsigned(first);
  const rtcp = second === undefined || second === "" ? (rtp ?? 0) + 1 : parseUnsigned(second);
  if (rtp === null || rtcp === null || more.length > 0 || rtp > max || rtcp > max) {
    throw new ParseError(field, `expected one or two numbers up to ${max}, got ${quoted(value ?? "")}`);
  }
  return [rtp, rtcp];
}

function parseBounded(field: string, value: string | undefined, max: number): number {
  const number = parseUnsigned(value);
  if (number === null || number > max) {
    throw new ParseError(field, `expected a number up to ${max}, got ${quoted(value ?? "")}`);
  }
  return number;
}

/** `receive` is the name for `record` in FFmpeg's listening mode and in Darwin Streaming Server. */
function parseMode(value: string): "play" | "record" {
  switch (value.trim().toLowerCase()) {
    case "play":
      return "play";
    case "record":
    case "receive":
      return "record";
    default:
      throw new ParseError("mode", `expected play or record, got ${quoted(value)}`);
  }
}

export function serializeTransport(transport: Transport): string {
  const parts = [`RTP/${transport.profile}${transport.protocol === "TCP" ? "/TCP" : ""}`];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) parts.push(`${name}=${value}`);
  };
  if (transport.delivery !== undefined) parts.push(transport.delivery);
  add("source", transport.source);
  add("destination", transport.destination);
  add("interleaved", transport.interleaved?.join("-"));
  add("port", transport.port?.join("-"));
  add("ttl", transport.ttl);
  add("client_port", transport.clientPort?.join("-"));
  add("server_port", transport.serverPort?.join("-"));
  add("ssrc", transport.ssrc?.toString(16).toUpperCase().padStart(8, "0"));
  add("mode", transport.mode);
  return parts.join(";");
}

export function serializeTransports(transports: readonly Transport[]): string {
  return transports.map(serializeTransport).join(",");
}
