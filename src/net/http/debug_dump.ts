/** Heads of requests and answers as the debug log shows them: without what authenticates. */

const secretHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
  "x-api-key",
  "x-auth-token",
]);
/** They may carry a token in their query. */
const urlHeaders: ReadonlySet<string> = new Set(["location", "referer"]);

/** Without the query: it may hold a token. */
export function requestLine(method: string, path: string): string {
  return `${method} ${withoutSecrets(path)}`;
}

/** Whoever knows the URL of a WHIP or WHEP session may end it (RFC 9725 §5). */
function withoutSecrets(url: string): string {
  return url.replace(/\?.*/, "?<redacted>").replace(/(\/wh[ie]p\/)[^/?]+/, "$1<redacted>");
}

/** TURN servers come with passwords (RFC 9725 §4.6). */
function withoutCredentials(links: string): string {
  return links.replace(/(credential=")(?:[^"\\]|\\.)*"/g, '$1<redacted>"');
}

export function headDump(startLine: string, headers: Headers): string {
  const lines = [startLine];
  for (const [name, value] of headers) {
    const shown = secretHeaders.has(name)
      ? "<redacted>"
      : urlHeaders.has(name)
      ? withoutSecrets(value)
      : name === "link"
      ? withoutCredentials(value)
      : value;
    lines.push(`${name}: ${shown}`);
  }
  return lines.join("\n");
}
