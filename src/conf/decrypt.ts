/** Encrypted configuration files: base64 of a 24-byte nonce and a NaCl secretbox (XSalsa20-Poly1305). */
import { UserError } from "../base/errors.ts";

const nonceSize = 24;
const keySize = 32;

/** Throws UserError with `decryption error`, and nothing about why: the difference would help who guesses keys. */
export async function decryptConf(key: string, file: Uint8Array): Promise<Uint8Array> {
  const { xsalsa20poly1305 } = await import("@noble/ciphers/salsa.js");
  try {
    const binary = atob(new TextDecoder().decode(file));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const secret = new Uint8Array(keySize);
    secret.set(new TextEncoder().encode(key).subarray(0, keySize));
    return xsalsa20poly1305(secret, bytes.subarray(0, nonceSize)).decrypt(bytes.subarray(nonceSize));
  } catch {
    throw new UserError("decryption error");
  }
}
