import { ParseError } from "../base/errors.ts";
import type { SdpAttribute, SdpConnection, SdpSession } from "./session.ts";

/** Longest text. */
export const maxSdp = 128 * 1024;
/** Most m= sections. */
export const maxMedias = 64;
/** Most a= lines in one section. */
export const maxAttributes = 512;
/** Most payload types in one m= line. */
export const maxFormats = 64;

interface Section {
  connection?: SdpConnection;
  attributes: SdpAttribute[];
}

interface MediaSection extends Section {
  kind: string;
  port: number;
  protocol: string;
  formats: string[];
}

/**
 * Reads what is there and asks for nothing: any line end, white space around everything, lines in any order, missing
 * v=, o=, s= and t= lines. Lines of other types (b=, t=, r=, z=, k=, i=, u=, e=, p=) and lines that are no `x=value` are
 * passed over, since nothing here depends on them.
 *
 * Throws ParseError for a text without any m= or a= line, and when a limit is passed.
 */
export function parseSdp(text: string): SdpSession {
  if (text.length > maxSdp) throw new ParseError("SDP", `longer than ${maxSdp} characters`);
  let origin: string | undefined;
  let name = "";
  const session: Section = { attributes: [] };
  const medias: MediaSection[] = [];
  for (const line of text.split(/[\r\n\0]+/)) {
    const found = /^[\s\uFEFF]*([a-z])\s*=(.*)$/i.exec(line);
    if (found === null) continue;
    const value = found[2].trim();
    const section = medias.at(-1) ?? session;
    switch (found[1].toLowerCase()) {
      case "o":
        origin = value;
        break;
      case "s":
        name = value;
        break;
      case "c":
        section.connection = parseConnection(value) ?? section.connection;
        break;
      case "a":
        if (section.attributes.length === maxAttributes) {
          throw new ParseError("a=", `more than ${maxAttributes} lines in one section`);
        }
        section.attributes.push(parseAttribute(value));
        break;
      case "m":
        if (medias.length === maxMedias) throw new ParseError("m=", `more than ${maxMedias} lines`);
        medias.push(parseMedia(value));
    }
  }
  if (medias.length === 0 && session.attributes.length === 0) throw new ParseError("SDP", "no media in it");
  return { ...(origin === undefined ? {} : { origin }), name, ...session, medias };
}

/** `IN IP4 239.0.0.1/127`; also `IN 10.0.0.1` and `IN c=IN IP4 10.0.0.1`. Undefined when there is no address. */
function parseConnection(value: string): SdpConnection | undefined {
  const last = value.split(/\s+/).at(-1) ?? "";
  const [address, ttl] = last.split("/");
  if (!/[.:]/.test(address)) return undefined;
  return /^\d{1,3}$/.test(ttl ?? "") ? { address, ttl: Number(ttl) } : { address };
}

function parseAttribute(value: string): SdpAttribute {
  const colon = value.indexOf(":");
  if (colon < 0) return { name: value };
  return { name: value.slice(0, colon).trim(), value: value.slice(colon + 1).trim() };
}

/** `video 0/2 RTP/AVP 96 97`, the port may be missing. */
function parseMedia(value: string): MediaSection {
  const [kind = "", ...rest] = value.split(/\s+/);
  const port = /^(\d{1,5})(?:\/\d*)?$/.exec(rest[0] ?? "");
  if (port !== null) rest.shift();
  const [protocol = "", ...formats] = rest;
  if (formats.length > maxFormats) throw new ParseError("m=", `more than ${maxFormats} formats`);
  const number = Number(port?.[1] ?? 0);
  return { kind: kind.toLowerCase(), port: number > 65535 ? 0 : number, protocol, formats, attributes: [] };
}
