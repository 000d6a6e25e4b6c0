import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { HttpClient, type HttpReply } from "../net/http/client.ts";
import type { AuthGrant, AuthRequest } from "./contracts.ts";
import type { Decider } from "./decider.ts";
import { compilePermissions, type Permission, type PermissionTest } from "./permission.ts";
import { Refused } from "./refused.ts";
import { Slots } from "./slots.ts";

/** Questions asked at the same time, and those that wait for their turn. */
const maxInFlight = 32;
const maxWaiting = 1024;
/** Bytes of an answer that are read, and characters of them that go into the log. */
const maxAnswerSize = 128 * 1024;
const maxToldLength = 1024;
/** Statuses that say nothing about the credentials: time-out, too many requests. */
const undecided: ReadonlySet<number> = new Set([408, 429]);

/** The keys of the configuration that matter here. */
export interface HttpCallbackOptions {
  /** Where to ask. */
  readonly authHTTPAddress: string;
  /** SHA-256 of that server's certificate; may be empty. */
  readonly authHTTPFingerprint: string;
  /** What needs no question. */
  readonly authHTTPExclude: readonly Permission[];
  /** Milliseconds from the question to the end of the answer. */
  readonly readTimeout: number;
}

/** Asks an HTTP server about each request: a status of 2xx lets in. */
export class HttpCallback implements Decider {
  readonly #client: HttpClient;
  readonly #slots = new Slots(maxInFlight, maxWaiting);
  readonly #isExcluded: PermissionTest;

  constructor(private readonly options: HttpCallbackOptions, logger: Logger) {
    this.#client = new HttpClient(options.authHTTPFingerprint);
    this.#isExcluded = compilePermissions(options.authHTTPExclude, logger);
  }

  async decide(request: AuthRequest, token: string): Promise<AuthGrant> {
    if (this.#isExcluded(request.action, request.path)) return { user: "", expiresAt: null };
    const { readTimeout } = this.options;
    const { status, body } = await this.#slots.run(readTimeout, () => this.#ask(request, token));
    if (status >= 200 && status <= 299) return { user: request.credentials.user, expiresAt: null };
    const told = body === null ? "" : toldText(body, request, token);
    const reason = `server replied with code ${status}${told === "" ? "" : `: ${told}`}`;
    const isDenial = status >= 400 && status <= 499 && !undecided.has(status);
    throw new Refused(isDenial ? "guess" : "unavailable", reason);
  }

  close(): void {
    this.#slots.close();
    this.#client.close();
  }

  async #ask(request: AuthRequest, token: string): Promise<HttpReply> {
    const { authHTTPAddress, readTimeout } = this.options;
    try {
      return await this.#client.send({
        method: "POST",
        url: authHTTPAddress,
        body: question(request, token),
        timeoutMs: readTimeout,
        maxBytes: maxAnswerSize,
      });
    } catch (error) {
      throw new Refused("unavailable", `HTTP request failed: ${errorText(error)}`);
    }
  }
}

/** JSON; every key is always there. */
function question(request: AuthRequest, token: string): string {
  const { ip, credentials, action, path, protocol, id, query, userAgent } = request;
  return JSON.stringify({
    ip,
    user: credentials.user,
    password: credentials.pass,
    token,
    action,
    path,
    protocol: protocol ?? "",
    id,
    query,
    userAgent,
  });
}

/** What the server has said, for the log. Some repeat what they were asked. */
function toldText(body: Uint8Array, { credentials, query }: AuthRequest, token: string): string {
  let text = new TextDecoder().decode(body).trim();
  const secrets = [credentials.pass, credentials.token, token, query].filter((secret) => secret !== "");
  for (const secret of secrets.toSorted((a, b) => b.length - a.length)) {
    for (
      const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())]
    ) {
      text = text.replaceAll(form, "<redacted>");
    }
  }
  // One line of the log: it may hold what a client has sent.
  text = text.replace(/\s+/g, " ");
  return text.length > maxToldLength ? `${text.slice(0, maxToldLength)}…` : text;
}
