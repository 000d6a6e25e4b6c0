/** What SRTP wants to know ↔ MIKEY: AES-CM-128 with HMAC-SHA1-80 (RFC 3711 §8.2), the only suite RTSP peers use. */
import { ParseError } from "../../../../base/errors.ts";
import { millisFromNtp, ntpFromMillis } from "../../../../base/time.ts";
import type { KeyMaterial } from "./kemac.ts";
import type { MikeyMessage } from "./message.ts";
import { policyParameter, type SecurityPolicy } from "./policy.ts";

export const masterKeySize = 16;
export const masterSaltSize = 14;
/** Longest master key identifier: it travels with every packet. */
export const maxMasterKeyIdentifier = 128;

export interface SrtpKeys {
  /** 16 bytes. */
  readonly masterKey: Uint8Array;
  /** 14 bytes. */
  readonly masterSalt: Uint8Array;
  /** Stands in front of the authentication tag of each packet, when present. */
  readonly masterKeyIdentifier?: Uint8Array;
  readonly streams: readonly { readonly ssrc: number; readonly rolloverCounter: number }[];
}

/** A message for these keys. `bundleId` (32 bits) and `random` (16 bytes) are random, `now` is in milliseconds. */
export function mikeyFromSrtp(
  keys: SrtpKeys,
  context: { readonly bundleId: number; readonly random: Uint8Array; readonly now: number },
): MikeyMessage {
  const { seconds, fraction } = ntpFromMillis(context.now);
  const key = new Uint8Array(masterKeySize + masterSaltSize);
  key.set(keys.masterKey);
  key.set(keys.masterSalt, masterKeySize);
  const spi = keys.masterKeyIdentifier;
  return {
    bundleId: context.bundleId,
    wantsAnswer: false,
    sessions: keys.streams.map(({ ssrc, rolloverCounter }) => ({ policy: 0, ssrc, rolloverCounter })),
    payloads: [
      { type: "timestamp", ntp: BigInt(seconds) << 32n | BigInt(fraction), local: false },
      { type: "random", bytes: context.random },
      { type: "policy", policy: ourPolicy },
      {
        type: "keys",
        keys: [{ key, validity: spi === undefined ? { type: "none" } : { type: "spi", spi } }],
      },
    ],
  };
}

/** RFC 3830 says 20 for the length of the authentication key, but every RTSP peer writes the tag's 10. */
const ourPolicy: SecurityPolicy = {
  number: 0,
  parameters: [
    { type: policyParameter.encryption, value: Uint8Array.of(1) },
    { type: policyParameter.encryptionKeyLength, value: Uint8Array.of(masterKeySize) },
    { type: policyParameter.authentication, value: Uint8Array.of(1) },
    { type: policyParameter.authenticationKeyLength, value: Uint8Array.of(10) },
    { type: policyParameter.srtpEncryption, value: Uint8Array.of(1) },
    { type: policyParameter.srtcpEncryption, value: Uint8Array.of(1) },
    { type: policyParameter.srtpAuthentication, value: Uint8Array.of(1) },
    { type: policyParameter.authenticationTagLength, value: Uint8Array.of(10) },
  ],
};

/** What each parameter may say. One that is missing means what we would have written. */
const accepted: readonly (readonly [name: string, type: number, values: readonly number[]])[] = [
  ["encryption", policyParameter.encryption, [1]],
  ["encryption key length", policyParameter.encryptionKeyLength, [masterKeySize]],
  ["authentication", policyParameter.authentication, [1]],
  ["authentication key length", policyParameter.authenticationKeyLength, [10, 20]],
  ["salt length", policyParameter.saltLength, [masterSaltSize]],
  ["pseudo-random function", policyParameter.pseudoRandomFunction, [0]],
  ["key derivation rate", policyParameter.keyDerivationRate, [0]],
  ["SRTP encryption", policyParameter.srtpEncryption, [1]],
  ["SRTCP encryption", policyParameter.srtcpEncryption, [1]],
  ["SRTP authentication", policyParameter.srtpAuthentication, [1]],
  ["authentication tag length", policyParameter.authenticationTagLength, [10]],
];

/** The keys of a message, copied out of it. ParseError when it asks for another suite or has not exactly one key. */
export function srtpFromMikey(message: MikeyMessage): SrtpKeys {
  const all: KeyMaterial[] = [];
  for (const payload of message.payloads) {
    if (payload.type === "policy") checkPolicy(payload.policy);
    if (payload.type === "keys") all.push(...payload.keys);
  }
  if (all.length !== 1) throw new ParseError("KEMAC", `expected one key, got ${all.length}`);
  const { key, salt, validity } = all[0];
  const whole = new Uint8Array([...key, ...salt ?? []]);
  if (whole.length !== masterKeySize + masterSaltSize) {
    throw new ParseError("key data", `expected ${masterKeySize + masterSaltSize} bytes, got ${whole.length}`);
  }
  const spi = validity.type === "spi" && validity.spi.length > 0 ? validity.spi.slice() : undefined;
  if (spi !== undefined && spi.length > maxMasterKeyIdentifier) {
    throw new ParseError("SPI", `longer than ${maxMasterKeyIdentifier} bytes`);
  }
  return {
    masterKey: whole.subarray(0, masterKeySize),
    masterSalt: whole.subarray(masterKeySize),
    ...(spi === undefined ? {} : { masterKeyIdentifier: spi }),
    streams: message.sessions.map(({ ssrc, rolloverCounter }) => ({ ssrc, rolloverCounter })),
  };
}

/** A parameter that stands there twice counts as often. */
function checkPolicy(policy: SecurityPolicy): void {
  for (const { type, value } of policy.parameters) {
    const rule = accepted.find(([, ruleType]) => ruleType === type);
    if (rule === undefined) continue;
    const number = value.reduce((sum, byte) => sum * 256 + byte, 0);
    if (!rule[2].includes(number)) {
      throw new ParseError("policy param", `${rule[0]} ${number} is not supported`);
    }
  }
}

/**
 * When the message was made, in milliseconds since 1970; undefined without a time. A receiver refuses what is far from
 * its own clock, as a protection against replay (RFC 3830 §5.4).
 */
export function mikeyTime(message: MikeyMessage): number | undefined {
  for (const payload of message.payloads) {
    if (payload.type !== "timestamp") continue;
    return millisFromNtp(Number(payload.ntp >> 32n), Number(payload.ntp & 0xffffffffn));
  }
  return undefined;
}
