/** What goes from the query of one request into the URIs of a playlist. */

/** Bytes; it is repeated behind every URI. */
export const maxQueryLength = 2048;

const sessionKey = "session";
/** Ours, those of the protocol, and what MediaMTX adds on its way to the playlist. */
const notPassedOn = /^(?:session|cookieCheck|_HLS_[^=]*)(?:=|$)/;

/** The part of a query that the client gets back with every URI; percent-encoded where a playlist needs it. */
export function passedOn(query: string): string {
  if (query === "") return "";
  return query.split("&").filter((part) => part !== "" && !notPassedOn.test(part)).map(encodeUnsafe).join(
    "&",
  );
}

/** Quotes, line ends and other characters that a client has sent raw would break the playlist. */
function encodeUnsafe(text: string): string {
  return text.replace(/[^\w\-.~!$'()*+,;=:@/?%]/gu, (char) => {
    try {
      return encodeURIComponent(char);
    } catch {
      return "";
    }
  });
}

/** Adds the session's token. */
export function withSession(query: string, token: string): string {
  return `${query}${query === "" ? "" : "&"}${sessionKey}=${token}`;
}

/** The token in a query; null when there is none. */
export function sessionInQuery(query: string): string | null {
  return /(?:^|&)session=([\w-]+)/.exec(query)?.[1] ?? null;
}

const cookieName = "hlsSession";

/** The token in the cookies; null when there is none. */
export function sessionInCookie(header: string | null): string | null {
  if (header === null) return null;
  return /(?:^|;\s*)hlsSession=([\w-]+)/.exec(header)?.[1] ?? null;
}

/**
 * The browser sends it to the folder of the playlist only, and only inside of the page that has loaded it. It is kept
 * on HTTPS only; without it the token in the URIs does the work.
 */
export function sessionCookie(token: string): string {
  return `${cookieName}=${token}; HttpOnly; Secure; SameSite=None; Partitioned`;
}
