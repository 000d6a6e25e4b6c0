import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import { parseUnsigned } from "./parameters.ts";

/** One stream of an RTP-Info header (RFC 2326 §12.33). */
export interface RtpInfo {
  readonly url: string;
  /** Sequence number of the first packet, 0…65535. */
  readonly sequenceNumber?: number;
  /** RTP time that corresponds to the start of the Range. */
  readonly timestamp?: number;
}

/** Most streams that are looked at. */
export const maxRtpInfos = 256;

/** URLs may hold commas and semicolons: only `, url=` and `;seq=`, `;rtptime=`, `;ssrc=` separate. */
export function parseRtpInfo(value: string): RtpInfo[] {
  const texts = value.split(/,\s*(?=url\s*=)/i, maxRtpInfos + 1);
  if (texts.length > maxRtpInfos) throw new ParseError("RTP-Info", `more than ${maxRtpInfos} streams`);
  return texts.map(parseEntry);
}

function parseEntry(text: string): RtpInfo {
  const [first, ...rest] = text.split(/;\s*(?=(?:seq|rtptime|ssrc)\s*=)/i);
  const found = /^\s*url\s*=(.*)$/i.exec(first);
  if (found === null) throw new ParseError("RTP-Info", `no url in ${quoted(text)}`);
  const info: { url: string; sequenceNumber?: number; timestamp?: number } = {
    url: stripEnd(withoutQuotes(found[1].trim())),
  };
  for (const parameter of rest) {
    const [name, number] = parameter.split("=").map((part) => part.replace(/[;,\s]+$/, "").trim());
    const parsed = parseUnsigned(number);
    switch (name.toLowerCase()) {
      case "seq":
        // Some cameras send a number that has not wrapped.
        if (parsed !== null) info.sequenceNumber = parsed & 0xffff;
        break;
      case "rtptime":
        if (parsed !== null) info.timestamp = parsed >>> 0;
        break;
    }
  }
  return info;
}

/** URLs have no quotes and no backslashes, so that nothing is escaped; what follows the second quote is no part of it. */
function withoutQuotes(text: string): string {
  return text.startsWith('"') ? text.slice(1).split('"', 1)[0] : text;
}

/** Without what stands between two parts. */
function stripEnd(text: string): string {
  return text.replace(/[;\s]+$/, "").trim();
}

export function serializeRtpInfo(infos: readonly RtpInfo[]): string {
  return infos.map(({ url, sequenceNumber, timestamp }) => {
    let text = `url=${url}`;
    if (sequenceNumber !== undefined) text += `;seq=${sequenceNumber}`;
    if (timestamp !== undefined) text += `;rtptime=${timestamp}`;
    return text;
  }).join(",");
}
