/** The assertions of the tests: node's, under short names. */
import assert from "node:assert/strict";

export const equal = assert.deepEqual;
export const ok = assert.ok;
export const throws = assert.throws;
export const rejects = assert.rejects;
export const match = assert.match;

/** Bytes as hexadecimal: failing comparisons become readable. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/\s+/g, "");
  return Uint8Array.from(
    { length: digits.length / 2 },
    (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
