import { ParseError } from "../base/errors.ts";

/** An encoded Argon2 hash: `$argon2id$v=19$m=65536,t=3,p=4$<salt>$<hash>`, base64 without padding (RFC 9106 §3.1). */
export interface Argon2Hash {
  readonly variant: "argon2i" | "argon2d" | "argon2id";
  /** In KiB. */
  readonly memory: number;
  readonly iterations: number;
  readonly parallelism: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** The only version in use, 1.3. */
const version = "19";

const shape =
  /^\$(argon2id|argon2i|argon2d)\$v=(\d{1,9})\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([^$]+)\$([^$]+)$/;

/** Throws `ParseError`, whose text never contains the input: it is a secret. */
export function parseArgon2Hash(text: string): Argon2Hash {
  const parts = shape.exec(text);
  if (parts === null) {
    throw new ParseError("argon2 hash", "must look like $argon2id$v=19$m=<KiB>,t=<n>,p=<n>$<salt>$<hash>");
  }
  if (parts[2] !== version) throw new ParseError("argon2 hash", `version must be ${version}`);
  const hash: Argon2Hash = {
    variant: parts[1] as Argon2Hash["variant"],
    memory: Number(parts[3]),
    iterations: Number(parts[4]),
    parallelism: Number(parts[5]),
    salt: parseBase64(parts[6], "argon2 salt"),
    hash: parseBase64(parts[7], "argon2 hash"),
  };
  if (hash.iterations < 1) throw new ParseError("argon2 hash", "t must be at least 1");
  if (hash.parallelism < 1) throw new ParseError("argon2 hash", "p must be at least 1");
  if (hash.memory < 8 * hash.parallelism) throw new ParseError("argon2 hash", "m must be at least 8 times p");
  if (hash.salt.length < 8) throw new ParseError("argon2 salt", "must have at least 8 bytes");
  if (hash.hash.length < 4) throw new ParseError("argon2 hash", "must have at least 4 bytes");
  return hash;
}

function parseBase64(text: string, field: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new ParseError(field, "must be base64");
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    throw new ParseError(field, "must be base64");
  }
}
