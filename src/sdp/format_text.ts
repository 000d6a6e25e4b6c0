/** The texts that describe one payload format: rtpmap and fmtp (RFC 8866 §6.6, §6.15). */
import { Buffer } from "node:buffer";
import type { MediaKind } from "../codecs/codec.ts";

/** What a codec's reader gets to see of a format. */
export interface FormatText {
  readonly kind: MediaKind;
  readonly payloadType: number;
  /** `name/clock/channels` as it was written; empty when it is missing. */
  readonly rtpmap: string;
  /** Lower case; empty when it is missing. */
  readonly encoding: string;
  readonly clockRate?: number;
  readonly channelCount?: number;
  /** As it was written; empty when it is missing. */
  readonly fmtp: string;
  /** Its parameters, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Clock rates above this are no clock rates. */
const maxClockRate = 2 ** 31 - 1;
/** Channel counts above this are no channel counts. */
const maxChannelCount = 255;

export function formatText(kind: MediaKind, payloadType: number, rtpmap: string, fmtp: string): FormatText {
  const [encoding, clock, channels] = rtpmap.split("/").map((part) => part.trim());
  const clockRate = positive(clock, maxClockRate);
  const channelCount = positive(channels, maxChannelCount);
  return {
    kind,
    payloadType,
    rtpmap,
    encoding: encoding.toLowerCase(),
    ...(clockRate === undefined ? {} : { clockRate }),
    ...(channelCount === undefined ? {} : { channelCount }),
    fmtp,
    parameters: parseFmtp(fmtp),
  };
}

function positive(text: string | undefined, max: number): number | undefined {
  const found = /^\d{1,10}/.exec(text ?? "");
  const number = Number(found?.[0] ?? 0);
  return number > 0 && number <= max ? number : undefined;
}

/** `a=1; b=2`; parts without `=` are left out, the last of two values counts. */
export function parseFmtp(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of text.split(";")) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const value = part.slice(equals + 1).trim().replace(/^"(.*)"$/, "$1");
    parameters.set(part.slice(0, equals).trim().toLowerCase(), value);
  }
  return parameters;
}

/** Sorted by name; parameters that are undefined are left out. */
export function serializeFmtp(parameters: Readonly<Record<string, string | number | undefined>>): string {
  return Object.keys(parameters)
    .filter((name) => parameters[name] !== undefined)
    .sort()
    .map((name) => `${name}=${parameters[name]}`)
    .join("; ");
}

/** The parameter as a whole number; undefined when it is missing or something else. */
export function numberParameter(format: FormatText, name: string): number | undefined {
  const text = format.parameters.get(name) ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The parameter as hexadecimal bytes; undefined when it is missing, empty or something else. */
export function hexParameter(format: FormatText, name: string): Uint8Array | undefined {
  const text = format.parameters.get(name)?.replace(/^0x/i, "") ?? "";
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** Base64 with or without padding and with spaces in it; undefined when it is empty or something else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/[\s"]+/g, "").replace(/={1,2}$/, "");
  if (digits === "" || digits.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(digits)) return undefined;
  return new Uint8Array(Buffer.from(digits, "base64"));
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

export function encodeHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
