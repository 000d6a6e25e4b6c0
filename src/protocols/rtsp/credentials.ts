/** From the Authorization header to what the path manager checks, and the challenge for those who sent none. */
import { ParseError } from "../../base/errors.ts";
import { type Credentials, noCredentials } from "../../paths/mod.ts";
import { type Authorization, parseAuthorization } from "./wire/authorization.ts";
import { serializeChallenge } from "./wire/challenge.ts";
import { digestUriMatches, verifyDigest } from "./wire/digest.ts";
import type { RtspRequest } from "./wire/request.ts";
import { parseRequestUrl } from "./wire/url.ts";

const realm = "ipcam";

/** The authentication state of one connection. */
export class Authenticator {
  readonly #nonce = crypto.randomUUID().replaceAll("-", "");
  /** The client has answered the challenge of another connection: it need not ask its user again. */
  #stale = false;

  constructor(private readonly methods: readonly ("basic" | "digest")[]) {}

  /** RFC 2617: what a client may answer; the strongest first, since many clients take the first they know. */
  challenges(): [string, string][] {
    const nonce = this.#nonce;
    const challenges: [string, string][] = [];
    if (this.methods.includes("digest")) {
      challenges.push([
        "WWW-Authenticate",
        serializeChallenge({
          scheme: "Digest",
          realm,
          nonce,
          algorithm: "MD5",
          ...(this.#stale ? { stale: true } : {}),
        }),
      ]);
    }
    if (this.methods.includes("basic")) {
      challenges.push(["WWW-Authenticate", serializeChallenge({ scheme: "Basic", realm })]);
    }
    return challenges;
  }

  /** Those of the header; tokens in passwords and queries are found by those who check them. */
  credentials(request: RtspRequest): Credentials {
    const header = request.headers.get("Authorization");
    if (header === undefined) return noCredentials;
    const authorization = readAuthorization(header);
    if (authorization === null) return noCredentials;
    if (authorization.scheme === "Basic") {
      if (!this.methods.includes("basic")) return noCredentials;
      const { user, password } = authorization;
      return { user, pass: password, token: "" };
    }
    this.#stale = authorization.nonce !== this.#nonce;
    if (!this.methods.includes("digest") || this.#stale) return noCredentials;
    const url = parseRequestUrl(request.url);
    return {
      user: authorization.user,
      pass: "",
      token: "",
      verify: (user, password) =>
        user !== "" && digestUriMatches(authorization.uri, url, request.method) &&
        verifyDigest(authorization, { user, password, realm, nonce: this.#nonce, method: request.method }),
    };
  }
}

/** Null for schemes that we do not know and for what cannot be read: on a path for everybody, it does not matter. */
function readAuthorization(header: string): Authorization | null {
  try {
    return parseAuthorization(header);
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}
