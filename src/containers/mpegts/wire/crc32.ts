/** The CRC of sections (ISO/IEC 13818-1 annex A): polynomial 0x04c11db7, all ones at the start, nothing reflected. */
const table = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  let value = i << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? value << 1 ^ 0x04c11db7 : value << 1;
  table[i] = value;
}

/** Over a section together with its CRC the result is 0. */
export function crc32Mpeg(bytes: Uint8Array): number {
  let crc = 0xffffffff | 0;
  for (let i = 0; i < bytes.length; i++) crc = crc << 8 ^ table[crc >>> 24 ^ bytes[i]];
  return crc >>> 0;
}
