/** Protection profiles (RFC 3711, RFC 5764 §4.1.2, RFC 7714 §12) and the keys derived for them. */
import { UserError } from "../../base/errors.ts";
import type { PacketCrypto } from "../../base/packet_crypto.ts";

/** Ciphers and sizes of one protection profile. */
export interface SrtpProfile {
  readonly name: string;
  readonly cipher: "counter" | "gcm";
  /** Bytes. */
  readonly keySize: number;
  readonly saltSize: number;
  /** Authentication tag behind RTP and behind RTCP. */
  readonly tagSize: number;
  readonly rtcpTagSize: number;
}

/** RFC 3711 §8, RFC 4568 §6.2, RFC 7714 §12. */
export const srtpProfiles = {
  aes128CounterSha1Tag80: {
    name: "AES_CM_128_HMAC_SHA1_80",
    cipher: "counter",
    keySize: 16,
    saltSize: 14,
    tagSize: 10,
    rtcpTagSize: 10,
  },
  /** RFC 4568 §6.2: the short tag is for RTP only. */
  aes128CounterSha1Tag32: {
    name: "AES_CM_128_HMAC_SHA1_32",
    cipher: "counter",
    keySize: 16,
    saltSize: 14,
    tagSize: 4,
    rtcpTagSize: 10,
  },
  aes128Gcm: {
    name: "AEAD_AES_128_GCM",
    cipher: "gcm",
    keySize: 16,
    saltSize: 12,
    tagSize: 16,
    rtcpTagSize: 16,
  },
  aes256Gcm: {
    name: "AEAD_AES_256_GCM",
    cipher: "gcm",
    keySize: 32,
    saltSize: 12,
    tagSize: 16,
    rtcpTagSize: 16,
  },
} as const satisfies Record<string, SrtpProfile>;

/** What both sides agreed on. */
export interface SrtpParameters {
  readonly profile: SrtpProfile;
  /** Master key and master salt. */
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  /** Master key identifier behind each packet; absent means none. */
  readonly mki?: Uint8Array;
  /** Rollover counters to start with, by SSRC (RFC 3830 CS ID map); 0 for others. */
  readonly rollovers?: ReadonlyMap<number, number>;
  readonly crypto: PacketCrypto;
}

export interface SessionKeys {
  readonly key: Uint8Array;
  /** Empty for AEAD profiles. */
  readonly authKey: Uint8Array;
  readonly salt: Uint8Array;
}

const authKeySize = 20;

/** RFC 3711 §4.3 with key derivation rate 0; RFC 7714 §11. Throws UserError when key or salt have a wrong size. */
export function deriveSessionKeys(parameters: SrtpParameters, kind: "rtp" | "rtcp"): SessionKeys {
  const { profile, key, salt, crypto } = parameters;
  if (key.length !== profile.keySize || salt.length !== profile.saltSize) {
    throw new UserError(
      `${profile.name} needs a key of ${profile.keySize} and a salt of ${profile.saltSize} bytes, got ${key.length} and ${salt.length}`,
    );
  }
  const label = kind === "rtp" ? 0 : 3;
  const cipher = crypto.counterMode(key);
  const derive = (offset: number, size: number) => {
    const counter = new Uint8Array(16);
    counter.set(salt);
    counter[7] ^= label + offset;
    const out = new Uint8Array(size);
    cipher.apply(counter, out, [{ start: 0, end: size }]);
    return out;
  };
  const keys = {
    key: derive(0, profile.keySize),
    authKey: derive(1, profile.cipher === "gcm" ? 0 : authKeySize),
    salt: derive(2, profile.saltSize),
  };
  cipher.close();
  return keys;
}
