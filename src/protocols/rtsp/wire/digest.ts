/** Computing and checking digest responses (RFC 2069 §2.4, RFC 2617 §3.2.2, RFC 7616 §3.4.1). */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type {
  Authorization,
  BasicAuthorization,
  DigestAuthorization,
  DigestProtection,
} from "./authorization.ts";
import type { Challenge, DigestAlgorithm } from "./challenge.ts";
import { pathAndQuery, type RtspUrl } from "./url.ts";

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface DigestInput extends Credentials {
  readonly algorithm: DigestAlgorithm;
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  readonly protection?: DigestProtection;
}

/** Hexadecimal, lower case. */
export function digestResponse(input: DigestInput): string {
  const { algorithm, user, realm, password, nonce, method, uri, protection } = input;
  const hash = (text: string) =>
    createHash(algorithm === "MD5" ? "md5" : "sha256").update(text, "utf8").digest("hex");
  const secret = hash(`${user}:${realm}:${password}`);
  const request = hash(`${method}:${uri}`);
  return protection === undefined
    ? hash(`${secret}:${nonce}:${request}`)
    : hash(`${secret}:${nonce}:${protection.count}:${protection.clientNonce}:auth:${request}`);
}

/**
 * The Authorization for a request. Of several challenges SHA-256 is answered before MD5 and that before Basic; null
 * when there is none. `clientNonce` is random text, `count` the number of requests made with this nonce, from 1.
 */
export function answerChallenge(
  challenges: readonly Challenge[],
  credentials: Credentials,
  request: { method: string; uri: string; clientNonce: string; count: number },
): Authorization | null {
  const challenge = challenges.find((one) => one.scheme === "Digest" && one.algorithm === "SHA-256") ??
    challenges.find((one) => one.scheme === "Digest") ?? challenges[0];
  if (challenge === undefined) return null;
  if (challenge.scheme === "Basic") return { scheme: "Basic", ...credentials };
  const { realm, nonce, algorithm, opaque } = challenge;
  const protection = challenge.protection
    ? { count: request.count.toString(16).padStart(8, "0"), clientNonce: request.clientNonce }
    : undefined;
  const { method, uri } = request;
  return {
    scheme: "Digest",
    user: credentials.user,
    realm,
    nonce,
    uri,
    response: digestResponse({ ...credentials, algorithm, realm, nonce, method, uri, protection }),
    algorithm,
    ...(opaque === undefined ? {} : { opaque }),
    ...(protection === undefined ? {} : { protection }),
  };
}

/** True when the digest was made with this user and password over this method; takes the same time either way. */
export function verifyDigest(
  authorization: DigestAuthorization,
  expected: Credentials & { readonly realm: string; readonly nonce: string; readonly method: string },
): boolean {
  const { algorithm, uri, protection } = authorization;
  const response = digestResponse({ ...expected, algorithm, uri, protection });
  const checks = [
    sameText(authorization.user, expected.user),
    sameText(authorization.realm, expected.realm),
    sameText(authorization.nonce, expected.nonce),
    sameText(authorization.response, response),
  ];
  return checks.every((same) => same);
}

/** True when user and password are these; takes the same time either way. */
export function verifyBasic(authorization: BasicAuthorization, expected: Credentials): boolean {
  const user = sameText(authorization.user, expected.user);
  const password = sameText(authorization.password, expected.password);
  return user && password;
}

/**
 * True when the URI a digest was computed over is that of the request: with or without scheme and host (Bosch BVMS
 * sends the path), and for SETUP also the stream without its track, with a slash (VLC) or none (HappyTime NVR).
 */
export function digestUriMatches(uri: string, request: RtspUrl | null, method: string): boolean {
  if (request === null) return uri === "*";
  const wanted = withoutSlash(pathAndQuery(request));
  const given = withoutSlash(uri.replace(/^rtsps?:\/\/[^/?]*/i, ""));
  if (given === wanted) return true;
  return method === "SETUP" && withoutSlash(wanted.replace(/\/trackID=\d+$/i, "")) === given;
}

function withoutSlash(text: string): string {
  return text.replace(/\/$/, "");
}

/** Hashed first: neither content nor length shows in the time it takes. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(Buffer.from(text, "utf8")).digest();
  return timingSafeEqual(hash(a), hash(b));
}
