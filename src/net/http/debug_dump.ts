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
  return `${method} ${path}`;
}

export function headDump(startLine: string, headers: Headers): string {
  const lines = [startLine];
  for (const [name, value] of headers) {
    const shown = secretHeaders.has(name)
      ? "<redacted>"
      : urlHeaders.has(name)
      ? value.replace(/\?.*/, "?<redacted>")
      : value;
    lines.push(`${name}: ${shown}`);
  }
  return lines.join("\n");
}
