import { ParseError } from "../../../base/errors.ts";
import { serializeAuthorization } from "../wire/authorization.ts";
import { type Challenge, parseChallenges } from "../wire/challenge.ts";
import { answerChallenge, type Credentials } from "../wire/digest.ts";
import type { RtspResponse } from "../wire/response.ts";

/**
 * Answers the challenges of one server. Tolerant to cameras: they change the nonce with every answer, offer SHA-256 that
 * they cannot do, and write challenges that cannot be read beside others.
 */
export class Authorizer {
  #challenges: readonly Challenge[] = [];
  #uses = 0;
  #withoutSha256 = false;
  readonly #clientNonce = crypto.randomUUID().replaceAll("-", "");

  /** `trusted`: the password may be sent as it is, should the server ask for that. */
  constructor(private readonly credentials: Credentials | null, private readonly trusted: boolean) {}

  /** The Authorization header of a request; null before the first challenge. */
  header(method: string, uri: string): string | null {
    if (this.credentials === null) return null;
    const count = ++this.#uses;
    const request = { method, uri, clientNonce: this.#clientNonce, count };
    const answer = answerChallenge(this.#challenges, this.credentials, request);
    return answer === null ? null : serializeAuthorization(answer);
  }

  /** A 401 has come; `tries` of the same request have been refused before. False: there is no use in another. */
  learn(response: RtspResponse, tries: number): boolean {
    if (this.credentials === null) return false;
    const offered = response.headers.all("WWW-Authenticate").flatMap(readChallenges)
      .filter((challenge) => this.trusted || challenge.scheme === "Digest");
    if (offered.length === 0) return false;
    if (tries > 0) {
      const strong = offered.some(isSha256) && !this.#withoutSha256;
      const stale = offered.some((challenge) => challenge.scheme === "Digest" && challenge.stale === true);
      if (strong && offered.some((challenge) => !isSha256(challenge))) this.#withoutSha256 = true;
      else if (!stale) return false;
    }
    this.#challenges = this.#withoutSha256 ? offered.filter((challenge) => !isSha256(challenge)) : offered;
    this.#uses = 0;
    return true;
  }
}

function isSha256(challenge: Challenge): boolean {
  return challenge.scheme === "Digest" && challenge.algorithm === "SHA-256";
}

function readChallenges(header: string): Challenge[] {
  try {
    return parseChallenges(header);
  } catch (error) {
    if (error instanceof ParseError) return [];
    throw error;
  }
}
