/** The WWW-Authenticate header: what a server asks for (RFC 2617, RFC 7616). */
import { ParseError } from "../../../base/errors.ts";
import { quoted } from "../../../base/quoted.ts";
import { type Parameter, parseParameters, quote, splitOutsideQuotes } from "./parameters.ts";

export type DigestAlgorithm = "MD5" | "SHA-256";

export interface BasicChallenge {
  readonly scheme: "Basic";
  readonly realm: string;
}

export interface DigestChallenge {
  readonly scheme: "Digest";
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  readonly opaque?: string;
  /** The credentials were right, the nonce was too old. */
  readonly stale?: boolean;
  /** `qop` offers `auth`. */
  readonly protection?: boolean;
}

export type Challenge = BasicChallenge | DigestChallenge;

/** Most challenges that are looked at in one header. */
export const maxChallenges = 16;

/** MD5 when there is none, in any case and with or without quotes. */
export function parseDigestAlgorithm(text: string | undefined): DigestAlgorithm {
  switch (text?.trim().toUpperCase()) {
    case undefined:
    case "":
    case "MD5":
      return "MD5";
    case "SHA-256":
    case "SHA256":
      return "SHA-256";
    default:
      throw new ParseError("algorithm", `expected MD5 or SHA-256, got ${quoted(text ?? "")}`);
  }
}

/**
 * The challenges of one header that we can answer; the others (another scheme or algorithm, a missing nonce) are
 * left out. Several may stand in one header, separated by the same comma that separates their parameters.
 */
export function parseChallenges(value: string): Challenge[] {
  const groups: { scheme: string; parameters: string[] }[] = [];
  for (const part of splitOutsideQuotes(value, ",")) {
    const start = /^([A-Za-z][\w-]*)(?:\s+(?!=)(.*))?$/s.exec(part);
    if (start !== null) {
      groups.push({ scheme: start[1].toLowerCase(), parameters: start[2] ? [start[2]] : [] });
    } else groups.at(-1)?.parameters.push(part);
  }
  if (groups.length > maxChallenges) {
    throw new ParseError("WWW-Authenticate", `more than ${maxChallenges} challenges`);
  }
  return groups
    .map(({ scheme, parameters }) => toChallenge(scheme, parseParameters(parameters.join(","), ",")))
    .filter((challenge) => challenge !== null);
}

function toChallenge(scheme: string, parameters: readonly Parameter[]): Challenge | null {
  const values = new Map(parameters.map(({ name, value }) => [name.toLowerCase(), value ?? ""]));
  const realm = values.get("realm") ?? "";
  if (scheme === "basic") return { scheme: "Basic", realm };
  const nonce = values.get("nonce");
  if (scheme !== "digest" || nonce === undefined) return null;
  const algorithm = values.get("algorithm");
  if (algorithm !== undefined && !/^(md5|sha-?256)?$/i.test(algorithm.trim())) return null;
  const qop = values.get("qop")?.toLowerCase().split(/[\s,]+/).filter((name) => name !== "") ?? [];
  if (qop.length > 0 && !qop.includes("auth")) return null;
  const opaque = values.get("opaque");
  const stale = values.get("stale");
  return {
    scheme: "Digest",
    realm,
    nonce,
    algorithm: parseDigestAlgorithm(algorithm),
    ...(opaque === undefined ? {} : { opaque }),
    ...(stale === undefined ? {} : { stale: stale.toLowerCase() === "true" }),
    ...(qop.length === 0 ? {} : { protection: true }),
  };
}

export function serializeChallenge(challenge: Challenge): string {
  if (challenge.scheme === "Basic") return `Basic realm=${quote(challenge.realm)}`;
  let text = `Digest realm=${quote(challenge.realm)}, nonce=${quote(challenge.nonce)}`;
  if (challenge.opaque !== undefined) text += `, opaque=${quote(challenge.opaque)}`;
  if (challenge.stale !== undefined) text += `, stale=${quote(challenge.stale ? "TRUE" : "FALSE")}`;
  if (challenge.algorithm !== "MD5") text += `, algorithm=${quote(challenge.algorithm)}`;
  if (challenge.protection) text += `, qop=${quote("auth")}`;
  return text;
}
