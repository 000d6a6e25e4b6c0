/** Fingerprints of certificates: RFC 8122 §5. */
import { createHash } from "node:crypto";
import { UserError } from "../../../base/errors.ts";
import type { DtlsFingerprint } from "../contracts.ts";

/** What counts as proof. SHA-1 and MD5, which RFC 8122 inherits, do not. */
const acceptedAlgorithms: readonly string[] = ["sha-256", "sha-384", "sha-512"];

/** `certificate` is DER. */
export function fingerprintOf(certificate: Uint8Array, algorithm: string): DtlsFingerprint {
  const digest = createHash(algorithm.replace("-", "")).update(certificate).digest("hex").toUpperCase();
  return { algorithm, value: (digest.match(/../g) ?? []).join(":") };
}

/** Throws UserError unless the certificate matches one of the fingerprints, by an algorithm that counts. */
export function checkFingerprint(certificate: Uint8Array | null, expected: readonly DtlsFingerprint[]): void {
  if (certificate === null) throw new UserError("the peer has no certificate");
  const usable = expected.filter(({ algorithm }) => acceptedAlgorithms.includes(algorithm.toLowerCase()));
  if (usable.length === 0) {
    const names = expected.map(({ algorithm }) => algorithm).join(", ");
    throw new UserError(
      `the description has no fingerprint that can be used (it has: ${
        names === "" ? "none" : names
      }; accepted: ` +
        `${acceptedAlgorithms.join(", ")})`,
    );
  }
  for (const { algorithm, value } of usable) {
    if (fingerprintOf(certificate, algorithm.toLowerCase()).value === value.trim().toUpperCase()) return;
  }
  const { value } = fingerprintOf(certificate, usable[0].algorithm.toLowerCase());
  throw new UserError(
    `the peer's certificate has fingerprint ${value}, its description says ${usable[0].value}`,
  );
}
