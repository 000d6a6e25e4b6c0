import type { JSONWebKeySet, JWK, JWTVerifyGetKey } from "jose";
import { errorText, UserError } from "../base/errors.ts";
import { HttpClient, type HttpReply } from "../net/http/client.ts";
import { Refused } from "./refused.ts";

const maxSize = 128 * 1024;
/** Keys are used for this long. */
const maxAgeMs = 60 * 60_000;
/** Tokens with unknown keys make us look for new ones, at most once in this time. */
const rotationMs = 10_000;
/** After a failure, the next attempt. */
const retryMs = 1000;
const maxRedirects = 3;

/** A symmetric key that may check signatures (RFC 7518 §6.4). */
export interface SharedSecret {
  readonly kid: string | undefined;
  /** The only algorithm it is for; undefined for any. */
  readonly alg: string | undefined;
  readonly bytes: Uint8Array;
}

/** What a server publishes (RFC 7517 §5). */
export interface Keys {
  /** Finds the key of a token that is signed with a private key. */
  readonly find: JWTVerifyGetKey;
  /** Secrets shared with the issuer, for tokens with HMAC only. */
  readonly secrets: readonly SharedSecret[];
}

export interface KeySetOptions {
  readonly url: string;
  /** SHA-256 of the server's certificate; may be empty. */
  readonly fingerprint: string;
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The keys of the issuer, fetched when they are needed. However many wait, they are fetched once. */
export class KeySet implements Disposable {
  readonly #client: HttpClient;
  #keys: Keys | null = null;
  /** Of the last success; its keys are good for a while. */
  #fetchedAt = -Infinity;
  /** Of the last attempt. */
  #triedAt = -Infinity;
  #failure: Refused | null = null;
  #fetching: Promise<Keys> | null = null;

  constructor(private readonly options: KeySetOptions) {
    this.#client = new HttpClient(options.fingerprint);
  }

  /** Throws `Refused`. */
  current(): Promise<Keys> {
    const now = this.options.now();
    if (this.#keys !== null && isWithin(maxAgeMs, this.#fetchedAt, now)) return Promise.resolve(this.#keys);
    if (this.#failure !== null && isWithin(retryMs, this.#triedAt, now)) return Promise.reject(this.#failure);
    return this.#fetch();
  }

  /** `used` do not have the key of a token: newer ones, or null when there are none (so soon). Throws `Refused`. */
  async newerThan(used: Keys): Promise<Keys | null> {
    if (this.#keys !== null && this.#keys !== used) return this.#keys;
    if (this.#fetching === null && isWithin(rotationMs, this.#triedAt, this.options.now())) return null;
    return await this.#fetch();
  }

  /** Fetches them anew for the next token. */
  refresh(): void {
    this.#keys = null;
    this.#failure = null;
    this.#fetching = null;
  }

  /** Who waits is refused. */
  close(): void {
    this.#client.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #fetch(): Promise<Keys> {
    if (this.#fetching !== null) return this.#fetching;
    const fetching = this.#pull().then((keys) => {
      // `refresh` was called meanwhile: those may be the old ones.
      if (this.#fetching !== fetching) return keys;
      this.#fetching = null;
      this.#keys = keys;
      this.#fetchedAt = this.options.now();
      this.#failure = null;
      return keys;
    }, (error) => {
      const failure = new Refused("unavailable", `fetching the keys of JWTs failed: ${errorText(error)}`);
      if (this.#fetching === fetching) {
        this.#fetching = null;
        this.#failure = failure;
      }
      throw failure;
    });
    this.#triedAt = this.options.now();
    return this.#fetching = fetching;
  }

  async #pull(): Promise<Keys> {
    const { status, body } = await this.#get();
    if (body === null) throw new UserError(`the answer is longer than ${maxSize} bytes`);
    if (status < 200 || status > 299) throw new UserError(`server replied with code ${status}`);
    return await parseKeys(body);
  }

  /** Follows redirects, but never from HTTPS to HTTP. */
  async #get(): Promise<HttpReply> {
    let { url } = this.options;
    for (let i = 0;; i++) {
      const { timeoutMs } = this.options;
      const reply = await this.#client.send({ method: "GET", url, timeoutMs, maxBytes: maxSize });
      if (reply.status < 300 || reply.status > 399 || reply.location === null) return reply;
      const next = URL.parse(reply.location, withoutCredentials(url));
      if (i >= maxRedirects || next === null || url.startsWith("https:") && next.protocol !== "https:") {
        return reply;
      }
      url = next.href;
    }
  }
}

/** A clock that was set back must not make an hour a year. */
function isWithin(ms: number, since: number, now: number): boolean {
  return now >= since && now - since < ms;
}

function withoutCredentials(text: string): URL {
  const url = new URL(text);
  url.username = url.password = "";
  return url;
}

/** Throws UserError. */
async function parseKeys(body: Uint8Array): Promise<Keys> {
  const set = parseSet(body);
  const { createLocalJWKSet } = await import("jose");
  const secrets = set.keys.flatMap(({ kty, k, kid, alg, use = "sig", key_ops: uses = ["verify"] }: JWK) => {
    if (kty !== "oct" || typeof k !== "string" || k === "") return [];
    // Keys for encryption are not meant to vouch for anybody (RFC 7517 §4.2, §4.3).
    if (use !== "sig" || !Array.isArray(uses) || !uses.includes("verify")) return [];
    try {
      return [{ kid, alg, bytes: Uint8Array.fromBase64(k, { alphabet: "base64url" }) }];
    } catch {
      return [];
    }
  });
  return { find: createLocalJWKSet(set), secrets };
}

function parseSet(body: Uint8Array): JSONWebKeySet {
  let set: unknown;
  try {
    set = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new UserError("the answer is not valid JSON");
  }
  const keys = (set as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "object" && key !== null)) {
    throw new UserError("the answer is not a key set (JWKS)");
  }
  return { keys };
}
