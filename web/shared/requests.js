// @ts-check
/** What requests of all our modules have in common. */

/** @typedef {{ user?: string, pass?: string, token?: string }} Credentials */

const serverTextLimit = 200;

/**
 * Empty when there are no credentials. A user comes before a token.
 * @param {Credentials} credentials
 * @returns {Record<string, string>}
 */
export function authorizationHeaders({ user, pass, token }) {
  if (user !== undefined && user !== "") {
    const bytes = new TextEncoder().encode(`${user}:${pass ?? ""}`);
    return { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
  }
  return token === undefined || token === "" ? {} : { Authorization: `Bearer ${token}` };
}

/**
 * The server answers `{"error":"…"}`; anything else, such as a page of a proxy, is not worth showing.
 * @param {string} body
 * @returns {string}
 */
export function serverText(body) {
  try {
    const { error } = JSON.parse(body);
    return typeof error === "string" ? error.slice(0, serverTextLimit) : "";
  } catch {
    return "";
  }
}
