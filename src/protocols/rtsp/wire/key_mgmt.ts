/** Where MIKEY messages travel: the KeyMgmt header and the key-mgmt attribute of SDP (RFC 4567 §3). */
import { Buffer } from "node:buffer";
import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import { maxMikeyMessage, type MikeyMessage, parseMikey, serializeMikey } from "./mikey/message.ts";
import { parseParameters } from "./parameters.ts";

export interface KeyMgmt {
  /** Of the track the keys are for; empty when it was left out. */
  readonly url: string;
  readonly message: MikeyMessage;
}

/** `prot=mikey;uri="rtsps://…";data="…"` */
export function parseKeyMgmt(value: string): KeyMgmt {
  const values = new Map(
    parseParameters(value, ";").map(({ name, value }) => [name.toLowerCase(), value ?? ""]),
  );
  const protocol = values.get("prot") ?? "";
  if (protocol.toLowerCase() !== "mikey") {
    throw new ParseError("prot", `expected mikey, got ${quoted(protocol)}`);
  }
  return { url: values.get("uri") ?? "", message: parseData(values.get("data") ?? "") };
}

export function serializeKeyMgmt({ url, message }: KeyMgmt): string {
  return `prot=mikey;uri="${url}";data="${dataText(message)}"`;
}

/** `mikey AQAF…`: the value of the attribute. */
export function parseKeyMgmtAttribute(value: string): MikeyMessage {
  const [protocol, data = ""] = value.trim().split(/\s+/, 2);
  if (protocol.toLowerCase() !== "mikey") {
    throw new ParseError("key-mgmt", `expected mikey, got ${quoted(protocol)}`);
  }
  return parseData(data);
}

export function serializeKeyMgmtAttribute(message: MikeyMessage): string {
  return `mikey ${dataText(message)}`;
}

function parseData(text: string): MikeyMessage {
  if (text === "" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length > maxMikeyMessage * 4 / 3 + 4) {
    throw new ParseError("data", "invalid base64");
  }
  return parseMikey(new Uint8Array(Buffer.from(text, "base64")));
}

function dataText(message: MikeyMessage): string {
  return Buffer.from(serializeMikey(message)).toString("base64");
}
