/** Stored user names and passwords: plain text of a limited alphabet, or a hash with a prefix. */

const plain = /^[A-Za-z0-9!$()*+.;<=>[\]^_\-{}@#&]+$/;
const sha256 = /^sha256:[A-Za-z0-9+/=]+$/;
const argon2 =
  /^argon2:\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+={0,2}\$[A-Za-z0-9+/]+={0,2}$/;

export const plainCredentialHint =
  "may contain letters, digits and ! $ ( ) * + . ; < = > [ ] ^ _ - { } @ # & only (or be a sha256: or argon2: hash)";

/** What is wrong with a credential, or undefined. Never repeats the credential. */
export function credentialProblem(text: string): string | undefined {
  if (text === "") return undefined;
  if (text.startsWith("sha256:")) {
    return sha256.test(text) ? undefined : "must have a base64 hash after 'sha256:'";
  }
  if (text.startsWith("argon2:")) {
    return argon2.test(text)
      ? undefined
      : "must have an encoded hash ($argon2id$v=19$m=…,t=…,p=…$salt$hash) after 'argon2:'";
  }
  return plain.test(text) ? undefined : plainCredentialHint;
}

export function isPlainCredential(text: string): boolean {
  return plain.test(text);
}

/** True for `sha256:` and `argon2:` credentials. */
export function isHashedCredential(text: string): boolean {
  return text.startsWith("sha256:") || text.startsWith("argon2:");
}
