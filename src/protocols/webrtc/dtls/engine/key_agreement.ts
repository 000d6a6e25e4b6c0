/** Ephemeral keys: X25519 and P-256 (RFC 8422 §5.1.1). */
import { Buffer } from "node:buffer";
import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { concat } from "../../../../base/bytes.ts";
import { alerts, DtlsFailure } from "./failure.ts";

export const groups = { p256: 23, x25519: 29 } as const;

/** Preferred first: X25519 costs a tenth of P-256 in portable code. P-256 is what all have to support (RFC 8827 §6.5). */
export const supportedGroups: readonly number[] = [groups.x25519, groups.p256];

/** One side's key, used once. */
export interface EphemeralKey {
  readonly group: number;
  readonly publicKey: Uint8Array;
  /** The shared secret; throws DtlsFailure when the peer's key is none. */
  agree(peer: Uint8Array): Uint8Array;
}

/** SubjectPublicKeyInfo of X25519 (RFC 8410 §4) up to the key. */
const x25519Prefix = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0);
const x25519Size = 32;

/** `group` is one of `supportedGroups`. */
export function createEphemeralKey(group: number): EphemeralKey {
  return group === groups.x25519 ? createX25519() : createP256();
}

/** Points off the curve, and those that lead to a secret of zeros (RFC 8422 §5.11), make node's functions throw. */
function guarded(agree: () => Uint8Array): Uint8Array {
  try {
    return agree();
  } catch {
    throw new DtlsFailure(alerts.illegalParameter, "the peer's key of the exchange is not valid");
  }
}

function createP256(): EphemeralKey {
  const own = createECDH("prime256v1");
  return {
    group: groups.p256,
    publicKey: new Uint8Array(own.generateKeys()),
    agree: (peer) => guarded(() => new Uint8Array(own.computeSecret(peer))),
  };
}

function createX25519(): EphemeralKey {
  const own = generateKeyPairSync("x25519");
  const encoded = new Uint8Array(own.publicKey.export({ type: "spki", format: "der" }));
  return {
    group: groups.x25519,
    publicKey: encoded.subarray(-x25519Size),
    agree: (peer) =>
      guarded(() => {
        if (peer.length !== x25519Size) throw new RangeError("wrong size");
        const key = Buffer.from(concat([x25519Prefix, peer]));
        const publicKey = createPublicKey({ key, type: "spki", format: "der" });
        return new Uint8Array(diffieHellman({ privateKey: own.privateKey, publicKey }));
      }),
  };
}
