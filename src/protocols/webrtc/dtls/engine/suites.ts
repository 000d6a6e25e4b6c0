/** Cipher suites: RFC 5289 §3.2. The first is the one that all WebRTC peers have (RFC 8827 §6.5). */
export const cipherSuites = {
  ecdsaAes128Gcm: 0xc02b,
  /** As client only: for servers with an RSA certificate. */
  rsaAes128Gcm: 0xc02f,
} as const;
