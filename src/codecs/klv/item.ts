/** Key-length-value items (SMPTE ST 336): a 16-byte universal label, a BER length (§5.1.2), the value. */
import { ParseError } from "../../base/errors.ts";

export const klvKeySize = 16;
/** Every universal label starts with it (SMPTE ST 298). */
export const universalLabelPrefix: readonly number[] = [0x06, 0x0e, 0x2b, 0x34];

const maxLengthBytes = 8;

export interface KlvItem {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Bytes of key, length and value. */
  readonly size: number;
}

export function startsWithUniversalLabel(bytes: Uint8Array): boolean {
  return universalLabelPrefix.every((byte, i) => bytes[i] === byte);
}

/** The item at the start of `bytes`, as views; null when there are not yet enough bytes. Throws ParseError. */
export function parseKlvItem(bytes: Uint8Array): KlvItem | null {
  for (let i = 0; i < universalLabelPrefix.length && i < bytes.length; i++) {
    if (bytes[i] !== universalLabelPrefix[i]) throw new ParseError("KLV key", "is no universal label", i);
  }
  if (bytes.length <= klvKeySize) return null;
  const first = bytes[klvKeySize];
  let at = klvKeySize + 1;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > maxLengthBytes) {
      throw new ParseError("KLV length", `has ${count} bytes`, klvKeySize);
    }
    if (at + count > bytes.length) return null;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[at++];
    if (!Number.isSafeInteger(length)) {
      throw new ParseError("KLV length", `${length} is too large`, klvKeySize);
    }
  }
  if (at + length > bytes.length) return null;
  return { key: bytes.subarray(0, klvKeySize), value: bytes.subarray(at, at + length), size: at + length };
}

/** True when `bytes` are one or more whole items and nothing else. */
export function areWholeKlvItems(bytes: Uint8Array): boolean {
  let at = 0;
  do {
    try {
      const item = parseKlvItem(bytes.subarray(at));
      if (item === null) return false;
      at += item.size;
    } catch (error) {
      if (error instanceof ParseError) return false;
      throw error;
    }
  } while (at < bytes.length);
  return true;
}
