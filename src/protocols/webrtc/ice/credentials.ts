/** Random values of a session (RFC 8445 §5.3, RFC 8839 §5.4). */
import { randomBytes } from "node:crypto";
import type { IceCredentials } from "../contracts.ts";

/** 48 and 192 bits, in the alphabet of ICE. */
export function newCredentials(): IceCredentials {
  return { ufrag: iceText(6), password: iceText(24) };
}

function iceText(size: number): string {
  return randomBytes(size).toString("base64");
}

export function newTieBreaker(): bigint {
  return randomBytes(8).readBigUInt64BE();
}

/** 12 bytes that begin with `tag`; the other eight are random. */
export function newTransactionId(tag: number): Uint8Array {
  const id = randomBytes(12);
  id.writeUInt32BE(tag);
  return id;
}
