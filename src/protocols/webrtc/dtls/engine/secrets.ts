/** Keys of TLS 1.2 with SHA-256: RFC 5246 §5, §6.3, §8.1; RFC 7627; RFC 5705. */
import { createHash, createHmac } from "node:crypto";
import { concat } from "../../../../base/bytes.ts";

export const masterSecretSize = 48;
export const verifyDataSize = 12;
const keySize = 16;
/** RFC 5288 §3: the part of the nonce that is not sent. */
const saltSize = 4;

/** What records of one direction are protected with. */
export interface TrafficKeys {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

/** 32 bytes each. */
export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

function hmac(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const digest = createHmac("sha256", key);
  for (const part of parts) digest.update(part);
  return new Uint8Array(digest.digest());
}

export function sha256(parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return new Uint8Array(digest.digest());
}

/** RFC 5246 §5. */
export function prf(secret: Uint8Array, label: string, seed: Uint8Array, size: number): Uint8Array {
  const labelled = concat([new TextEncoder().encode(label), seed]);
  const out = new Uint8Array(size);
  let a = labelled;
  for (let at = 0; at < size;) {
    a = hmac(secret, a) as Uint8Array<ArrayBuffer>;
    const part = hmac(secret, a, labelled).subarray(0, size - at);
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `sessionHash` (RFC 7627 §4) is null when a side does not know the extended master secret. */
export function masterSecret(
  shared: Uint8Array,
  randoms: Randoms,
  sessionHash: Uint8Array | null,
): Uint8Array {
  if (sessionHash !== null) return prf(shared, "extended master secret", sessionHash, masterSecretSize);
  return prf(shared, "master secret", concat([randoms.client, randoms.server]), masterSecretSize);
}

export function trafficKeys(
  master: Uint8Array,
  randoms: Randoms,
): { client: TrafficKeys; server: TrafficKeys } {
  const block = prf(
    master,
    "key expansion",
    concat([randoms.server, randoms.client]),
    2 * keySize + 2 * saltSize,
  );
  const salts = block.subarray(2 * keySize);
  return {
    client: { key: block.subarray(0, keySize), salt: salts.subarray(0, saltSize) },
    server: { key: block.subarray(keySize, 2 * keySize), salt: salts.subarray(saltSize) },
  };
}

/** RFC 5246 §7.4.9. */
export function verifyData(
  master: Uint8Array,
  sender: "client" | "server",
  transcript: readonly Uint8Array[],
): Uint8Array {
  return prf(master, `${sender} finished`, sha256(transcript), verifyDataSize);
}

/** RFC 5705 §4, without a context. */
export function exportKeyingMaterial(
  master: Uint8Array,
  randoms: Randoms,
  label: string,
  size: number,
): Uint8Array {
  return prf(master, label, concat([randoms.client, randoms.server]), size);
}
