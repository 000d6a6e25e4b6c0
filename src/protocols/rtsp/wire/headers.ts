/** Header lines: text ↔ `HeaderMap`, with the limits on what a peer may send. */
import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import type { HeaderMap } from "./header_map.ts";

/** Most header lines in one message. */
export const maxHeaderCount = 255;
/** Longest header line in bytes, without its end. */
export const maxHeaderLine = 4096;
/** Largest body in bytes. */
export const maxBody = 128 * 1024;

/**
 * Adds one line, without its end, to the map. Spaces around the colon are optional and a line that starts with one
 * continues the line before (RFC 2616 §2.2).
 */
export function parseHeaderLine(line: string, into: HeaderMap): void {
  if (line.startsWith(" ") || line.startsWith("\t")) {
    if (!into.extendLast(line.trim())) throw new ParseError("header", "continues a line that is not there");
    return;
  }
  if (into.size >= maxHeaderCount) throw new ParseError("header", `more than ${maxHeaderCount} lines`);
  const colon = line.indexOf(":");
  const name = line.slice(0, colon).trim();
  if (colon < 0 || name === "") throw new ParseError("header", `no name and value in ${quoted(line)}`);
  into.add(name, line.slice(colon + 1).trim());
}

/** Bytes of body that follow the headers; 0 without the header. A repeated header must say the same again. */
export function contentLength(headers: HeaderMap): number {
  const values = headers.all("Content-Length");
  if (values.length === 0) return 0;
  const text = values[0];
  if (!/^\d{1,10}$/.test(text) || values.some((value) => value !== text)) {
    throw new ParseError("Content-Length", `invalid value ${quoted(values.join(", "))}`);
  }
  const length = Number(text);
  if (length > maxBody) throw new ParseError("Content-Length", `${length} is above ${maxBody}`);
  return length;
}

/**
 * A start line, headers, and the body with its Content-Length. Line ends inside a value become spaces, so that
 * nothing that came from a peer can add a header.
 */
export function serializeMessage(
  startLine: string,
  headers: HeaderMap,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  let text = oneLine(startLine) + "\r\n";
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== "content-length") text += `${oneLine(name)}: ${oneLine(value)}\r\n`;
  }
  if (body.length > 0) text += `Content-Length: ${body.length}\r\n`;
  const head = new TextEncoder().encode(text + "\r\n");
  if (body.length === 0) return head;
  const out = new Uint8Array(head.length + body.length);
  out.set(head);
  out.set(body, head.length);
  return out;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
