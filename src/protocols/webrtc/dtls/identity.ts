/** The certificate with which this server shows itself to every peer. */
import { X509Certificate } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { createSelfSignedCertificate } from "../../../net/self_signed.ts";

/** Both DER. */
export interface Identity {
  readonly certificate: Uint8Array;
  /** PKCS #8. */
  readonly privateKey: Uint8Array;
}

/** Peers compare the fingerprint and nothing else; the dates are wide so that a wrong clock does no harm. */
const validMs = 10 * 365 * 24 * 3600 * 1000;
const beforeMs = 24 * 3600 * 1000;

/** ECDSA with P-256, which every WebRTC peer has to support (RFC 8827 §6.5). `now` is milliseconds since 1970. */
export function createIdentity(now: number): Identity {
  const { certificate, key } = createSelfSignedCertificate({
    commonName: "WebRTC",
    notBefore: now - beforeMs,
    notAfter: now + validMs,
  });
  return {
    certificate: new Uint8Array(new X509Certificate(certificate).raw),
    privateKey: new Uint8Array(createPrivateKey(key).export({ type: "pkcs8", format: "der" })),
  };
}
