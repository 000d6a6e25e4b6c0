/** Checks of the URLs in a configuration, before `$G1`, `$MTX_QUERY` and the like are replaced. */
import { pathNameProblem } from "./path_name.ts";

export interface UrlParts {
  readonly scheme: string;
  /** Empty when there is none. */
  readonly port: string;
}

/** A URL with scheme and host, credentials both or none. A text says what is wrong. Never repeats the URL. */
export function checkUrl(url: string): UrlParts | string {
  const filled = url.replace(/:\$G\d+/g, ":1935").replace(/\$G\d+/g, "abc");
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/.exec(filled);
  if (found === null || /[\s\p{Cc}]/u.test(filled)) return "must be a URL, such as scheme://host:port/path";
  const authority = found[2];
  const at = authority.lastIndexOf("@");
  const host = /^(\[[0-9A-Fa-f:.%]+\]|[^:[\]]+)(?::(\d*))?$/.exec(authority.slice(at + 1));
  if (host === null || Number(host[2] ?? 0) > 65535) return "must be a URL with a valid host and port";
  if (at >= 0) {
    const credentials = authority.slice(0, at);
    const colon = credentials.indexOf(":");
    const user = colon < 0 ? credentials : credentials.slice(0, colon);
    const pass = colon < 0 ? "" : credentials.slice(colon + 1);
    if ((user === "") !== (pass === "")) return "must have both user and password, or neither";
  }
  return { scheme: found[1].toLowerCase(), port: host[2] ?? "" };
}

/** Where readers may be sent: `/path` on this server, or an RTSP URL. */
export function redirectProblem(target: string): string | undefined {
  if (target.startsWith("/")) {
    const problem = pathNameProblem(target.slice(1));
    return problem === undefined ? undefined : `invalid path name: ${problem}`;
  }
  const url = checkUrl(target);
  if (typeof url === "string") return url;
  return url.scheme === "rtsp" || url.scheme === "rtsps" ? undefined : "must be /path or an RTSP URL";
}
