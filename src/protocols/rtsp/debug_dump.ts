/** Messages as the debug log shows them: without what authenticates or decrypts. */
import { redactUrl } from "../../conf/mod.ts";
import type { HeaderMap } from "./wire/header_map.ts";
import type { RtspRequest } from "./wire/request.ts";
import { reasonText, type RtspResponse } from "./wire/response.ts";

const secretHeaders: ReadonlySet<string> = new Set(["authorization", "keymgmt"]);
/** What may carry a token in its query. */
const urlHeaders: ReadonlySet<string> = new Set(["content-base", "location", "rtp-info"]);

/** The head and, of text, the body of a request. */
export function requestDump(request: RtspRequest): string {
  const { method, url, protocol, version, headers, body } = request;
  return dump(`${method} ${redactUrl(url)} ${protocol}/${version}`, headers, body);
}

/** The head and, of text, the body of a response. */
export function responseDump(response: RtspResponse): string {
  const { protocol, version, status, headers, body } = response;
  return dump(`${protocol}/${version} ${status} ${reasonText(status)}`, headers, body);
}

function dump(startLine: string, headers: HeaderMap, body: Uint8Array): string {
  const lines = [startLine];
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const shown = secretHeaders.has(key) ? "<redacted>" : urlHeaders.has(key) ? redactUrl(value) : value;
    lines.push(`${name}: ${shown}`);
  }
  if (body.length > 0) {
    const text = new TextDecoder().decode(body).trimEnd();
    lines.push("", text.replace(/^(a=key-mgmt:\s*\S+).*$/gm, "$1 <redacted>"));
  }
  return lines.join("\n");
}
