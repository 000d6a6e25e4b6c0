/**
 * Adobe's access control (`authmod=adobe`), as Flash Media Live Encoder, FFmpeg and librtmp know it. A server refuses
 * `connect` twice: first it says that it wants authentication, then it sends a salt and a challenge. Each time the
 * client opens a new connection with an answer in the query of its app.
 */
import { createHash } from "node:crypto";

/** What to do after a refusal. `query`: for app and tcUrl of the next connection, with its `?`. */
export type AdobeAnswer =
  | { readonly kind: "retry"; readonly query: string }
  | { readonly kind: "failed"; readonly reason: string };

function md5(...texts: readonly string[]): string {
  const sum = createHash("md5");
  for (const text of texts) sum.update(text);
  return sum.digest("base64");
}

/**
 * `description`: of the `_error`. `challenge`: of the client, 8 hexadecimal digits. Null when the refusal is not about
 * this way of authentication.
 */
export function answerAdobe(
  description: string,
  user: string,
  pass: string,
  challenge: string,
): AdobeAnswer | null {
  if (!description.includes("authmod=adobe")) return null;
  if (description.includes("code=403 need auth")) {
    if (user === "") return { kind: "failed", reason: "the server wants credentials" };
    return { kind: "retry", query: `?authmod=adobe&user=${encodeURIComponent(user)}` };
  }
  const at = description.indexOf("?");
  const fields = new Map<string, string>();
  for (const pair of description.slice(at + 1).split("&")) {
    const equals = pair.indexOf("=");
    // Base64 inside: neither decoded nor cut at further "=".
    if (equals > 0) fields.set(pair.slice(0, equals), pair.slice(equals + 1).trim());
  }
  const field = (name: string): string => fields.get(name) ?? "";
  if (at < 0 || field("reason") !== "needauth") {
    return {
      kind: "failed",
      reason: `the server refuses the credentials (${field("reason") || "no reason given"})`,
    };
  }
  const salted = md5(user, field("salt"), pass);
  const opaque = field("opaque");
  const response = md5(salted, opaque || field("challenge"), challenge);
  const query =
    `?authmod=adobe&user=${encodeURIComponent(user)}&challenge=${challenge}&response=${response}` +
    (opaque === "" ? "" : `&opaque=${opaque}`);
  return { kind: "retry", query };
}
