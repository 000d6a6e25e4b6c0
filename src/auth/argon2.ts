import { timingSafeEqual } from "node:crypto";
import { parseArgon2Hash } from "./phc.ts";

/**
 * Does `guess` belong to this encoded hash? An empty guess never does, a malformed hash throws `ParseError`. Takes as
 * long and as much memory as the hash asks for and does not yield meanwhile: hence `argon2_worker.ts`. The library is
 * loaded on first use.
 */
export async function verifyArgon2(encoded: string, guess: string): Promise<boolean> {
  const stored = parseArgon2Hash(encoded);
  if (guess === "") return false;
  const argon2 = (await import("hash-wasm"))[stored.variant];
  const computed = await argon2({
    password: guess,
    salt: stored.salt,
    memorySize: stored.memory,
    iterations: stored.iterations,
    parallelism: stored.parallelism,
    hashLength: stored.hash.length,
    outputType: "binary",
  });
  return timingSafeEqual(computed, stored.hash);
}
