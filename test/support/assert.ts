/** The assertions of the tests: node's, under short names. */
import assert from "node:assert/strict";

export const equal: typeof assert.deepEqual = assert.deepEqual;
export const ok: typeof assert.ok = assert.ok;
export const throws: typeof assert.throws = assert.throws;
export const rejects: typeof assert.rejects = assert.rejects;
export const match: typeof assert.match = assert.match;

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
