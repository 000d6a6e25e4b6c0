// @ts-check
/** WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): the requests of one session. */
import { authorizationHeaders } from "../shared/requests.js";
import { ProblemError, problemOfAnswer } from "./problem.js";

const optionsTimeoutMs = 10_000;
/** The server may have to wait for a source. */
const offerTimeoutMs = 30_000;

/**
 * `Link: <turn:host>; rel="ice-server"; username="…"; credential="…"` (RFC 9725 §4.6), several of them separated by
 * commas. Others are left out.
 * @param {string | null} header
 * @returns {RTCIceServer[]}
 */
export function parseIceServers(header) {
  const servers = [];
  // Values may be quoted, and then hold the signs that separate.
  const link = /<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,]*))*)/g;
  for (const [, target, parameters] of (header ?? "").matchAll(link)) {
    /** @type {Map<string, string>} */
    const values = new Map();
    for (const [, name, value] of parameters.matchAll(/([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s";,]*)/g)) {
      values.set(name.toLowerCase(), value.startsWith('"') ? unquote(value) : value);
    }
    if (values.get("rel") !== "ice-server") continue;
    /** @type {RTCIceServer} */
    const server = { urls: [target] };
    const [username, credential] = [values.get("username"), values.get("credential")];
    if (username !== undefined) server.username = username;
    if (credential !== undefined) server.credential = credential;
    servers.push(server);
  }
  return servers;
}

/** RFC 9110 §5.6.4. @param {string} text with its quotes */
function unquote(text) {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

export class Signaling {
  #url;
  /** @type {Record<string, string>} */
  #headers;
  /** Of the session; null when there is none. @type {string | null} */
  #session = null;
  /** @type {string | null} */
  #etag = null;

  /**
   * Credentials may be in the URL too, which `fetch` itself does not take.
   * @param {string | URL} url of the endpoint
   * @param {import("../shared/requests.js").Credentials} credentials
   */
  constructor(url, credentials) {
    const parsed = new URL(url, document.baseURI);
    const [user, pass] = [parsed.username, parsed.password].map(decodeURIComponent);
    parsed.username = "";
    parsed.password = "";
    this.#url = String(parsed);
    const own = authorizationHeaders(credentials);
    this.#headers = Object.keys(own).length > 0 ? own : authorizationHeaders({ user, pass });
  }

  /**
   * A server that has none to tell, or does not know OPTIONS, is none the worse for it.
   * @returns {Promise<RTCIceServer[]>}
   */
  async iceServers() {
    const response = await this.#fetch(this.#url, "OPTIONS", {}, undefined, optionsTimeoutMs);
    const body = await response.text();
    if (response.status === 401 || response.status === 403) {
      throw new ProblemError(problemOfAnswer(response.status, body));
    }
    return response.ok ? parseIceServers(response.headers.get("link")) : [];
  }

  /**
   * Begins the session.
   * @param {string} sdp
   * @returns {Promise<string>} the answer
   */
  async offer(sdp) {
    const type = { "Content-Type": "application/sdp" };
    const response = await this.#fetch(this.#url, "POST", type, sdp, offerTimeoutMs);
    const body = await response.text();
    if (response.status !== 201) throw new ProblemError(problemOfAnswer(response.status, body));
    const location = response.headers.get("location");
    // The server may have redirected to another one.
    this.#session = location === null ? null : String(new URL(location, response.url || this.#url));
    this.#etag = response.headers.get("etag");
    return body;
  }

  /**
   * @param {string} fragment
   * @returns {Promise<"taken" | "gone" | "unsupported">} unsupported also when it was lost: the answer has the
   *   server's candidates, which mostly is enough
   */
  async addCandidates(fragment) {
    if (this.#session === null) return "unsupported";
    const headers = {
      "Content-Type": "application/trickle-ice-sdpfrag",
      "If-Match": this.#etag ?? "*",
    };
    try {
      const { status } = await this.#fetch(this.#session, "PATCH", headers, fragment, optionsTimeoutMs);
      if (status === 404) return "gone";
      return status < 300 ? "taken" : "unsupported";
    } catch {
      return "unsupported";
    }
  }

  /** Ends the session, also while the page is being left. */
  end() {
    if (this.#session === null) return;
    const init = { method: "DELETE", headers: this.#headers, keepalive: true };
    // What is gone already, or out of reach, need not be ended.
    fetch(this.#session, init).catch(() => {});
    this.#session = null;
  }

  /**
   * @param {string} url
   * @param {string} method
   * @param {Record<string, string>} headers
   * @param {string | undefined} body
   * @param {number} timeoutMs
   */
  async #fetch(url, method, headers, body, timeoutMs) {
    const init = { method, body, headers: { ...this.#headers, ...headers } };
    try {
      return await fetch(url, { ...init, cache: "no-store", signal: AbortSignal.timeout(timeoutMs) });
    } catch {
      throw new ProblemError({ kind: "network" });
    }
  }
}
