/** AES key wrap (RFC 3394) and the key that wraps. */
import { createCipheriv, createDecipheriv, pbkdf2Sync } from "node:crypto";

const initialValue = Uint8Array.of(0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6);
const half = 8;
const rounds = 6;
/** draft-sharabayko-srt §6.1.4. */
const iterations = 2048;
const derivationSaltSize = 8;

/** The key-encrypting key: PBKDF2 with HMAC-SHA1 over the last eight bytes of the salt. About half a millisecond. */
export function deriveKek(passphrase: string, salt: Uint8Array, keyLength: number): Uint8Array {
  return pbkdf2Sync(passphrase, salt.subarray(-derivationSaltSize), iterations, keyLength, "sha1");
}

/** `keys`: a multiple of eight bytes, two blocks at least. The answer is eight bytes longer. */
export function wrapKeys(kek: Uint8Array, keys: Uint8Array): Uint8Array<ArrayBuffer> {
  const cipher = createCipheriv(`aes-${kek.length * 8}-ecb`, kek, null);
  cipher.setAutoPadding(false);
  const count = keys.length / half;
  const out = new Uint8Array(half + keys.length);
  out.set(keys, half);
  const block = new Uint8Array(2 * half);
  block.set(initialValue);
  for (let step = 1; step <= rounds * count; step++) {
    const at = half * ((step - 1) % count + 1);
    block.set(out.subarray(at, at + half), half);
    const encrypted = cipher.update(block);
    block.set(encrypted.subarray(0, half));
    block[half - 1] ^= step;
    out.set(encrypted.subarray(half), at);
  }
  cipher.final();
  out.set(block.subarray(0, half));
  return out;
}

/** Null when the keys were wrapped with another key. */
export function unwrapKeys(kek: Uint8Array, wrapped: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const cipher = createDecipheriv(`aes-${kek.length * 8}-ecb`, kek, null);
  cipher.setAutoPadding(false);
  const count = wrapped.length / half - 1;
  const out = wrapped.slice(half);
  const block = new Uint8Array(2 * half);
  block.set(wrapped.subarray(0, half));
  for (let step = rounds * count; step > 0; step--) {
    const at = half * ((step - 1) % count);
    block[half - 1] ^= step;
    block.set(out.subarray(at, at + half), half);
    const decrypted = cipher.update(block);
    block.set(decrypted.subarray(0, half));
    out.set(decrypted.subarray(half), at);
  }
  cipher.final();
  for (let i = 0; i < half; i++) if (block[i] !== initialValue[i]) return null;
  return out;
}
