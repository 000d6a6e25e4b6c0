/** G.711 samples as linear ones (ITU-T G.711, tables 1 and 2). */

/** Sign, three bits of exponent and four of mantissa, all inverted; 14-bit values scaled to 16 bits. */
function muLawSample(code: number): number {
  const value = ~code;
  const magnitude = ((((value & 0x0f) << 3) + 0x84) << (value >> 4 & 7)) - 0x84;
  return (value & 0x80) !== 0 ? -magnitude : magnitude;
}

/** Every other bit inverted; the sign bit is set for positive values. */
function aLawSample(code: number): number {
  const value = code ^ 0x55;
  const exponent = value >> 4 & 7;
  const mantissa = ((value & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (value & 0x80) !== 0 ? magnitude : -magnitude;
}

function createTable(sample: (code: number) => number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, code) => sample(code));
}

const muLawTable = createTable(muLawSample);
const aLawTable = createTable(aLawSample);

/** 16-bit big-endian samples, as many as `codes` has bytes. */
export function decodeG711(codes: Uint8Array, muLaw: boolean): Uint8Array<ArrayBuffer> {
  const table = muLaw ? muLawTable : aLawTable;
  const out = new Uint8Array(codes.length * 2);
  for (let i = 0; i < codes.length; i++) {
    const sample = table[codes[i]];
    out[2 * i] = sample >> 8;
    out[2 * i + 1] = sample;
  }
  return out;
}
