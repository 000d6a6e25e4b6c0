/** Emulation prevention: ITU-T H.264 §7.4.1, H.265 §7.4.2. */

/**
 * NAL unit bytes → RBSP: the 3 of every `00 00 03` is removed. Returns the input itself when there is none.
 * `limit`: look at no more than that many bytes (enough for a slice header).
 */
export function removeEmulation(bytes: Uint8Array, limit = bytes.length): Uint8Array {
  const end = Math.min(limit, bytes.length);
  let out: Uint8Array | null = null;
  let size = 0;
  let zeros = 0;
  for (let i = 0; i < end; i++) {
    const byte = bytes[i];
    if (zeros >= 2 && byte === 3) {
      if (out === null) {
        out = new Uint8Array(end);
        out.set(bytes.subarray(0, i));
        size = i;
      }
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    if (out !== null) out[size++] = byte;
  }
  return out === null ? bytes.subarray(0, end) : out.subarray(0, size);
}
