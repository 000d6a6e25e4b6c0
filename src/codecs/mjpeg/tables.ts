/** The tables that RTP leaves out of a JPEG image: ITU-T T.81 Annex K, in the order of the bit stream. */

/** Code lengths 1…16, ITU-T T.81 §B.2.4.2, and the symbols. */
export interface HuffmanTable {
  /** Tc: 0 DC, 1 AC. */
  readonly tableClass: 0 | 1;
  /** Th: 0 luminance, 1 chrominance. */
  readonly id: 0 | 1;
  readonly lengths: Uint8Array;
  readonly symbols: Uint8Array;
}

function bytes(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, "");
  return Uint8Array.from(
    { length: digits.length / 2 },
    (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

const dcSymbols = bytes("000102030405060708090a0b");

/** Tables K.3 to K.6. */
export const huffmanTables: readonly HuffmanTable[] = [
  { tableClass: 0, id: 0, lengths: bytes("00010501010101010100000000000000"), symbols: dcSymbols },
  {
    tableClass: 1,
    id: 0,
    lengths: bytes("0002010303020403050504040000017d"),
    symbols: bytes(`
      01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728
      292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a83848586878889
      8a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2
      e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa`),
  },
  { tableClass: 0, id: 1, lengths: bytes("00030101010101010101010000000000"), symbols: dcSymbols },
  {
    tableClass: 1,
    id: 1,
    lengths: bytes("00020102040403040705040400010277"),
    symbols: bytes(`
      000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a26
      2728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a828384858687
      88898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9da
      e2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa`),
  },
];

/** Tables K.1 and K.2 in zigzag order. */
const luminance = bytes(`
  100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c3933383740485c4e404457453738506d5157
  5f626768673e4d71797064785c656763`);
const chrominance = bytes(`
  1112121815182f1a1a2f6342384263636363636363636363636363636363636363636363636363636363636363636363
  63636363636363636363636363636363`);

/** RFC 2435 §4.2 and appendix A: the two tables of 64 bytes in zigzag order for a quality of 1…99. */
export function quantizationTables(quality: number): [Uint8Array, Uint8Array] {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  const scaled = (table: Uint8Array) =>
    table.map((value) => Math.min(255, Math.max(1, Math.floor((value * scale + 50) / 100))));
  return [scaled(luminance), scaled(chrominance)];
}
