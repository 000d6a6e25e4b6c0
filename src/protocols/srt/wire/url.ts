/** `srt://host:port?streamid=…`: the parameters that gosrt reads, and so MediaMTX. */
import { ParseError } from "../../../base/errors.ts";
import { isKeyLength, type KeyLength } from "./key_material.ts";

/** What an `srt://` URL asks for. */
export interface SrtUrl {
  /** Name or address, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly streamId: string;
  /** Empty: nothing is encrypted. */
  readonly passphrase: string;
  readonly keyLength: KeyLength;
  /** Milliseconds. */
  readonly receiveLatency: number;
  readonly peerLatency: number;
  readonly connectTimeout: number;
  /** Null: the server's own time-out holds. */
  readonly idleTimeout: number | null;
  /** Packets that are sent with one key. */
  readonly keyRefreshRate: number;
  readonly keyPreAnnounce: number;
  /** Bytes a second; null: no limit. */
  readonly maxBandwidth: number | null;
  /** Bytes of a packet's payload; null: as configured. */
  readonly payloadSize: number | null;
}

const defaultLatency = 120;
const defaultConnectTimeout = 3000;
const defaultKeyRefreshRate = 0x100_0000;
const defaultKeyPreAnnounce = 0x1000;
const passphraseSizes = { least: 10, most: 79 };
const maxLatency = 0xffff;

/** Parameters that are known, and either have only one sensible value in live mode or mean nothing to us. */
const ignored: ReadonlySet<string> = new Set([
  "congestion",
  "drifttracer",
  "enforcedencryption",
  "fc",
  "groupconnect",
  "groupstabtimeo",
  "inputbw",
  "iptos",
  "ipttl",
  "ipv6only",
  "lossmaxttl",
  "messageapi",
  "mininputbw",
  "minversion",
  "mss",
  "nakreport",
  "oheadbw",
  "packetfilter",
  "rcvbuf",
  "sndbuf",
  "snddropdelay",
  "tlpktdrop",
  "tsbpdmode",
  "linger",
]);

/** Throws ParseError, which never has the passphrase in it. */
export function parseSrtUrl(text: string): SrtUrl {
  const found = /^srt:\/\/(?:[^@/?#]*@)?(?:\[([^\]]+)\]|([^:/?#[\]]+)):(\d{1,5})\/?(?:\?(.*))?$/i.exec(text);
  if (found === null) throw new ParseError("URL", "is not of the form srt://host:port?streamid=…");
  const port = Number(found[3]);
  if (port === 0 || port > 65535) throw new ParseError("port", `${found[3]} is none`);
  const parameters = parseQuery(found[4] ?? "");
  const number = (key: string, least: number, most: number): number | null => {
    const value = parameters.get(key);
    if (value === undefined) return null;
    const count = Number(value);
    if (!/^-?\d+$/.test(value) || count < least || count > most) {
      throw new ParseError(key, `must be a whole number from ${least} to ${most}`);
    }
    return count;
  };
  checkModes(parameters);
  const latency = number("latency", 0, maxLatency);
  const maxBandwidth = number("maxbw", -1, 1e12);
  const keyRefreshRate = number("kmrefreshrate", 2, 0x7fff_ffff) ?? defaultKeyRefreshRate;
  return {
    hostname: found[1] ?? found[2],
    port,
    streamId: parameters.get("streamid") ?? "",
    passphrase: parsePassphrase(parameters.get("passphrase") ?? ""),
    keyLength: parseKeyLength(number("pbkeylen", 0, 32)),
    receiveLatency: number("rcvlatency", 0, maxLatency) ?? latency ?? defaultLatency,
    peerLatency: number("peerlatency", 0, maxLatency) ?? latency ?? defaultLatency,
    connectTimeout: number("conntimeo", 1, 3_600_000) ?? defaultConnectTimeout,
    idleTimeout: number("peeridletimeo", 1, 3_600_000),
    keyRefreshRate,
    keyPreAnnounce: number("kmpreannounce", 1, keyRefreshRate >> 1) ??
      Math.min(defaultKeyPreAnnounce, keyRefreshRate >> 1),
    maxBandwidth: maxBandwidth === null || maxBandwidth <= 0 ? null : maxBandwidth,
    payloadSize: number("payloadsize", 188, 1456) ?? number("pkt_size", 188, 1456),
  };
}

const known: ReadonlySet<string> = new Set([
  "conntimeo",
  "kmpreannounce",
  "kmrefreshrate",
  "latency",
  "maxbw",
  "mode",
  "passphrase",
  "payloadsize",
  "pbkeylen",
  "peeridletimeo",
  "peerlatency",
  "pkt_size",
  "rcvlatency",
  "streamid",
  "transtype",
]);

/** A fragment is part of the last value: stream ids of the standard form begin with `#!::`. */
function parseQuery(query: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    if (!known.has(key) && !ignored.has(key)) throw new ParseError("URL", `unknown parameter '${key}'`);
    out.set(key, decode(key, equals < 0 ? "" : part.slice(equals + 1)));
  }
  return out;
}

function decode(key: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ParseError(key, "is not percent-encoded as it should be");
  }
}

function checkModes(parameters: ReadonlyMap<string, string>): void {
  const mode = parameters.get("mode") ?? "caller";
  if (mode !== "caller" && mode !== "client") throw new ParseError("mode", `'${mode}' is not supported`);
  const type = parameters.get("transtype") ?? "live";
  if (type !== "live") throw new ParseError("transtype", `'${type}' is not supported`);
}

function parsePassphrase(text: string): string {
  const { least, most } = passphraseSizes;
  const size = new TextEncoder().encode(text).length;
  if (size !== 0 && (size < least || size > most)) {
    throw new ParseError("passphrase", `must have ${least} to ${most} bytes`);
  }
  return text;
}

function parseKeyLength(value: number | null): KeyLength {
  if (value === null || value === 0) return 16;
  if (!isKeyLength(value)) throw new ParseError("pbkeylen", "must be 16, 24 or 32");
  return value;
}
