/** The signature and the times of a token, by the keys of its issuer. */
import type { JWTPayload, JWTVerifyOptions } from "jose";
import type { Keys, SharedSecret } from "./key_set.ts";
import { Refused } from "./refused.ts";

/**
 * Keys that are tried for one token, of those that fit its algorithm and its `kid`. Issuers have few, and name them; whoever
 * forges tokens without `kid` must not make us check hundreds of signatures for each.
 */
export const maxKeysTried = 16;

/** Texts for the log instead of those of the library. */
const reasons: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: "token is expired",
  ERR_JWKS_NO_MATCHING_KEY: "no key of the issuer fits the token",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "signature of the token is wrong",
};
const tooManyKeys = "token does not name its key ('kid'), and too many keys of the issuer could be meant";
/** The token was made by the issuer. */
const genuine: ReadonlySet<string> = new Set(["ERR_JWT_EXPIRED", "ERR_JWT_CLAIM_VALIDATION_FAILED"]);

/** The key may be one that the issuer has only now. */
export class UnknownKey extends Refused {}

/** Gives what the token says. Throws `Refused`. The library is loaded on first use. */
export async function verifyToken(
  token: string,
  keys: Keys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  const { decodeProtectedHeader } = await import("jose");
  let kid: string | undefined;
  try {
    const header = decodeProtectedHeader(token);
    kid = header.kid;
    const { alg } = header;
    return await (alg?.startsWith("HS") === true
      ? verifyWithSecret(token, fittingSecrets(keys, alg, kid), options)
      : verifyWithKey(token, keys, options));
  } catch (error) {
    throw refusal(error, kid);
  }
}

/** HMAC: never with a public key (RFC 8725 §3.1). */
async function verifyWithSecret(
  token: string,
  secrets: readonly SharedSecret[],
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  const { jwtVerify } = await import("jose");
  return await firstFitting(secrets, async ({ bytes }) => (await jwtVerify(token, bytes, options)).payload);
}

function fittingSecrets(keys: Keys, alg: string, kid: string | undefined): readonly SharedSecret[] {
  return keys.secrets.filter((secret) =>
    (kid === undefined || secret.kid === kid) && (secret.alg === undefined || secret.alg === alg)
  );
}

async function verifyWithKey(token: string, keys: Keys, options: JWTVerifyOptions): Promise<JWTPayload> {
  const { errors, jwtVerify } = await import("jose");
  try {
    return (await jwtVerify(token, keys.find, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // The token does not say which of them.
    return await firstFitting(error, async (key) => (await jwtVerify(token, key, options)).payload);
  }
}

/** The payload by the first key whose signature is right. */
async function firstFitting<Key>(
  keys: Iterable<Key> | AsyncIterable<Key>,
  verify: (key: Key) => Promise<JWTPayload>,
): Promise<JWTPayload> {
  const { errors } = await import("jose");
  let tried = 0;
  for await (const key of keys) {
    if (tried++ === maxKeysTried) throw new Refused("guess", tooManyKeys);
    try {
      return await verify(key);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw tried === 0 ? new errors.JWKSNoMatchingKey() : new errors.JWSSignatureVerificationFailed();
}

/** The library's texts repeat nothing of the token. */
function refusal(error: unknown, kid: string | undefined): Refused {
  if (error instanceof Refused) return error;
  const { code, message } = error as { readonly code?: unknown; readonly message: string };
  // Those of the library; others come from parts of the token that are no JSON or base64.
  if (typeof code !== "string" || !/^ERR_J(WT|WS|WK|OSE)/.test(code)) {
    return new Refused("guess", "token is malformed");
  }
  const reason = reasons[code] ?? message;
  const isUnknown = code === "ERR_JWKS_NO_MATCHING_KEY" ||
    code === "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" && kid === undefined;
  if (isUnknown) return new UnknownKey("guess", reason);
  return new Refused(genuine.has(code) ? "denied" : "guess", reason);
}
