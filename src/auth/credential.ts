/** Stored user names and passwords: empty, plain, `sha256:<base64>` or `argon2:<encoded hash>`. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Argon2Checker } from "./argon2_checker.ts";

const sha256Prefix = "sha256:";
const argon2Prefix = "argon2:";

/** Hashed credentials cannot take part in challenge-response authentication. */
export function isHashed(stored: string): boolean {
  return stored.startsWith(sha256Prefix) || stored.startsWith(argon2Prefix);
}

/** An empty stored credential accepts every guess. Only Argon2 may answer with a promise. */
export function checkCredential(
  stored: string,
  guess: string,
  argon2: Argon2Checker,
): boolean | Promise<boolean> {
  if (stored === "") return true;
  if (stored.startsWith(argon2Prefix)) return argon2.check(stored.slice(argon2Prefix.length), guess);
  if (stored.startsWith(sha256Prefix)) {
    return secretsEqual(stored.slice(sha256Prefix.length), sha256(guess).toString("base64"));
  }
  return secretsEqual(stored, guess);
}

/** Takes the same time wherever the two differ, whatever their lengths. */
function secretsEqual(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string) {
  return createHash("sha256").update(text).digest();
}
