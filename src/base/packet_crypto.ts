/**
 * The ciphers that protect single packets. Two providers: node:crypto (`rtp/srtp/portable_crypto.ts`) and the system's
 * libcrypto (`net/ffi/libcrypto.ts`). What is created here holds memory outside the heap: `close` it.
 */

/** A part of a buffer: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** AES in counter mode. */
export interface CounterCipher {
  /** Encrypts or decrypts each span in place; the i-th begins with the 16-byte counter block `counters[16 * i]…`. */
  apply(counters: Uint8Array, bytes: Uint8Array, spans: readonly Span[]): void;
  close(): void;
}

/** HMAC-SHA1. */
export interface MessageAuthenticator {
  /** The 20 bytes for `bytes`; valid until the next call. */
  sign(bytes: Uint8Array): Uint8Array;
  close(): void;
}

/** Bytes of the tag behind an AEAD ciphertext. */
export const aeadTagSize = 16;

/** AES-GCM with 12-byte nonces. */
export interface AeadCipher {
  /** Writes what `plain` becomes to `out` from `at` on, which may be where it lies, and the tag behind it. */
  seal(nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array, out: Uint8Array, at: number): void;
  /** Decrypts the span, which the tag follows, in place. False when the tag is wrong: the span is then unusable. */
  open(nonce: Uint8Array, associated: Uint8Array, bytes: Uint8Array, span: Span): boolean;
  close(): void;
}

export interface PacketCrypto {
  readonly name: "portable" | "libcrypto";
  /** 16, 24 or 32 bytes of key. */
  counterMode(key: Uint8Array): CounterCipher;
  hmacSha1(key: Uint8Array): MessageAuthenticator;
  /** 16 or 32 bytes of key: node:crypto of Deno has no more. */
  gcm(key: Uint8Array): AeadCipher;
}
