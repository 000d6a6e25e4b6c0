/** The checksum of ISO/IEC 13239 (reflected, polynomial 0x04C11DB7), as FINGERPRINT wants it. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Of the first `size` bytes. */
export function crc32(bytes: Uint8Array, size: number = bytes.length): number {
  let value = 0xffffffff;
  for (let i = 0; i < size; i++) value = (value >>> 8) ^ table[(value ^ bytes[i]) & 0xff];
  return ~value >>> 0;
}
