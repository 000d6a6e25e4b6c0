/** RBSP → NAL unit bytes: the inverse of `removeEmulation`. */
export function addEmulation(rbsp: Uint8Array): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3);
      zeros = 0;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Uint8Array.from(out);
}
