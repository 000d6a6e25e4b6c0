/** The use_srtp extension and its keys: RFC 5764 §4.1.2, §4.2; RFC 7714 §14.2. */
import { UserError } from "../../../base/errors.ts";
import { type SrtpProfile, srtpProfiles } from "../../../rtp/srtp/mod.ts";
import type { SrtpKeys } from "../contracts.ts";

/** A profile as DTLS names it. */
export interface AgreedProfile {
  readonly id: number;
  readonly opensslName: string;
  readonly profile: SrtpProfile;
}

/**
 * Preferred first, by the server's work for each packet: AES-128-GCM is one pass over the bytes (with libcrypto 0.5 to
 * 1.3 µs per 1,200 bytes, counter mode with HMAC-SHA1 1.8; with node:crypto 13 and 18), AES-256 has four rounds more, and
 * the last is for peers without GCM. The server of the handshake chooses: it is us whenever we answer `a=setup:passive`.
 */
export const offeredProfiles: readonly AgreedProfile[] = [
  { id: 7, opensslName: "SRTP_AEAD_AES_128_GCM", profile: srtpProfiles.aes128Gcm },
  { id: 8, opensslName: "SRTP_AEAD_AES_256_GCM", profile: srtpProfiles.aes256Gcm },
  { id: 1, opensslName: "SRTP_AES128_CM_SHA1_80", profile: srtpProfiles.aes128CounterSha1Tag80 },
];

/** Throws UserError when the peers have none in common. */
export function profileOf(id: number | null): SrtpProfile {
  const found = offeredProfiles.find((offered) => offered.id === id);
  if (found === undefined) throw new UserError("the peer supports none of our SRTP profiles");
  return found.profile;
}

export const exporterLabel = "EXTRACTOR-dtls_srtp";

/** Bytes to export for a profile. */
export function keyingSize({ keySize, saltSize }: SrtpProfile): number {
  return 2 * (keySize + saltSize);
}

/** Exported: client's key, server's key, client's salt, server's salt. */
export function splitKeys(profile: SrtpProfile, role: "server" | "client", exported: Uint8Array): SrtpKeys {
  const { keySize, saltSize } = profile;
  const salts = exported.subarray(2 * keySize);
  const client = { key: exported.slice(0, keySize), salt: salts.slice(0, saltSize) };
  const server = { key: exported.slice(keySize, 2 * keySize), salt: salts.slice(saltSize, 2 * saltSize) };
  return role === "client"
    ? { profile, local: client, remote: server }
    : { profile, local: server, remote: client };
}
