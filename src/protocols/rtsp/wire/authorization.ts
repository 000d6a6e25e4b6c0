/** The Authorization header: what a client answers to a challenge (RFC 2617, RFC 7616). */
import { Buffer } from "node:buffer";
import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import { type DigestAlgorithm, parseDigestAlgorithm } from "./challenge.ts";
import { parseParameters, quote } from "./parameters.ts";

export interface BasicAuthorization {
  readonly scheme: "Basic";
  readonly user: string;
  readonly password: string;
}

export interface DigestAuthorization {
  readonly scheme: "Digest";
  readonly user: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** Hexadecimal, lower case. */
  readonly response: string;
  /** MD5 when the header does not say. */
  readonly algorithm: DigestAlgorithm;
  readonly opaque?: string;
  /** RFC 2617 §3.2.2: present when the challenge offered a quality of protection. */
  readonly protection?: DigestProtection;
}

/** `qop=auth` */
export interface DigestProtection {
  /** nonce-count: eight hexadecimal digits. */
  readonly count: string;
  readonly clientNonce: string;
}

export type Authorization = BasicAuthorization | DigestAuthorization;

export function parseAuthorization(value: string): Authorization {
  const space = value.trim().search(/\s/);
  const scheme = value.trim().slice(0, Math.max(space, 0)).toLowerCase();
  const rest = value.trim().slice(space + 1).trim();
  switch (scheme) {
    case "basic":
      return parseBasic(rest);
    case "digest":
      return parseDigest(rest);
    default:
      throw new ParseError("Authorization", `unknown scheme ${quoted(scheme)}`);
  }
}

/** The password may hold colons, the user not. Characters are UTF-8. */
function parseBasic(text: string): BasicAuthorization {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new ParseError("Authorization", "invalid base64");
  const decoded = Buffer.from(text, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon < 0) throw new ParseError("Authorization", "no colon between user and password");
  return { scheme: "Basic", user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function parseDigest(text: string): DigestAuthorization {
  const values = new Map(
    parseParameters(text, ",").map(({ name, value }) => [name.toLowerCase(), value ?? ""]),
  );
  const required = (name: string): string => {
    const value = values.get(name);
    if (value === undefined) throw new ParseError("Authorization", `no ${name} in the digest`);
    return value;
  };
  const opaque = values.get("opaque");
  const qop = values.get("qop")?.toLowerCase();
  if (qop !== undefined && qop !== "auth") throw new ParseError("qop", `expected auth, got ${quoted(qop)}`);
  return {
    scheme: "Digest",
    user: required("username"),
    realm: required("realm"),
    nonce: required("nonce"),
    uri: required("uri"),
    response: required("response").toLowerCase(),
    algorithm: parseDigestAlgorithm(values.get("algorithm")),
    ...(opaque === undefined ? {} : { opaque }),
    ...(qop === undefined ? {} : { protection: { count: required("nc"), clientNonce: required("cnonce") } }),
  };
}

export function serializeAuthorization(authorization: Authorization): string {
  if (authorization.scheme === "Basic") {
    const text = `${authorization.user}:${authorization.password}`;
    return `Basic ${Buffer.from(text, "utf8").toString("base64")}`;
  }
  const { user, realm, nonce, uri, response, opaque, algorithm, protection } = authorization;
  let text = `Digest username=${quote(user)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri=${
    quote(uri)
  }`;
  text += `, response=${quote(response)}`;
  if (opaque !== undefined) text += `, opaque=${quote(opaque)}`;
  // Left out for MD5: a challenge of RFC 2069 did not have it and old cameras do not know it.
  if (algorithm !== "MD5") text += `, algorithm=${algorithm}`;
  if (protection !== undefined) {
    text += `, qop=auth, nc=${protection.count}, cnonce=${quote(protection.clientNonce)}`;
  }
  return text;
}
