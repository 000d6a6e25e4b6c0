/** Signatures with certificates' keys: RFC 5246 §7.4.1.4.1, RFC 8422 §5.10, RFC 8446 §4.2.3. */
import { Buffer } from "node:buffer";
import { constants, createPrivateKey, type KeyObject, sign, verify, X509Certificate } from "node:crypto";
import { alerts, DtlsFailure } from "./failure.ts";

interface Scheme {
  readonly id: number;
  readonly hash: string;
  readonly keyType: "ec" | "rsa";
  readonly pss: boolean;
}

const schemes: readonly Scheme[] = [
  { id: 0x0403, hash: "sha256", keyType: "ec", pss: false },
  { id: 0x0503, hash: "sha384", keyType: "ec", pss: false },
  { id: 0x0804, hash: "sha256", keyType: "rsa", pss: true },
  { id: 0x0401, hash: "sha256", keyType: "rsa", pss: false },
  { id: 0x0501, hash: "sha384", keyType: "rsa", pss: false },
  { id: 0x0601, hash: "sha512", keyType: "rsa", pss: false },
];

/** What may be used towards us, preferred first. */
export const acceptedSchemes: readonly number[] = schemes.map(({ id }) => id);

/** ECDSA with SHA-256: what our own certificate's key signs with. */
export const ownScheme = 0x0403;

/** RSA keys below are within reach of an attacker. */
const minRsaBits = 2048;

/** `privateKey` is PKCS #8 of a P-256 key, DER. */
export class Signer {
  readonly #key: KeyObject;

  constructor(readonly certificate: Uint8Array, privateKey: Uint8Array) {
    this.#key = createPrivateKey({ key: Buffer.from(privateKey), type: "pkcs8", format: "der" });
  }

  sign(bytes: Uint8Array): Uint8Array {
    return new Uint8Array(sign("sha256", bytes, this.#key));
  }
}

/** The key of a certificate (DER); throws DtlsFailure when it cannot be read. */
export function publicKeyOf(certificate: Uint8Array): KeyObject {
  try {
    return new X509Certificate(certificate).publicKey;
  } catch {
    throw new DtlsFailure(alerts.badCertificate, "the peer's certificate cannot be read");
  }
}

/** Throws DtlsFailure unless `signature` over `bytes` was made with the certificate's key. */
export function checkSignature(
  key: KeyObject,
  schemeId: number,
  bytes: Uint8Array,
  signature: Uint8Array,
): void {
  const scheme = schemes.find(({ id }) => id === schemeId);
  if (scheme === undefined || scheme.keyType !== key.asymmetricKeyType) {
    throw new DtlsFailure(alerts.illegalParameter, "the peer signs in a way that was not offered");
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (scheme.keyType === "rsa" && bits !== undefined && bits < minRsaBits) {
    throw new DtlsFailure(alerts.badCertificate, `the peer's RSA key has only ${bits} bits`);
  }
  if (!isSignature(scheme, key, bytes, signature)) {
    throw new DtlsFailure(
      alerts.decryptError,
      "the peer does not hold the key of the certificate it presents: its signature is wrong",
    );
  }
}

function isSignature(scheme: Scheme, key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    if (!scheme.pss) return verify(scheme.hash, bytes, key, signature);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    return verify(scheme.hash, bytes, { key, padding, saltLength }, signature);
  } catch {
    // A curve that this runtime does not have, or a signature that is no DER.
    return false;
  }
}
