/** Start codes `00 00 01`, common to the byte streams of H.264, H.265, MPEG-4 Video and MPEG-1/2 Video. */

/** Index of the next `00 00 01` at or after `from`, or -1. */
export function findStartCode(bytes: Uint8Array, from = 0): number {
  const end = bytes.length;
  // Looking at the third byte first lets most of the input be skipped three bytes at a time.
  for (let i = from + 2; i < end;) {
    const byte = bytes[i];
    if (byte > 1) i += 3;
    else if (byte === 0) i++;
    else if (bytes[i - 1] === 0 && bytes[i - 2] === 0) return i - 2;
    else i += 3;
  }
  return -1;
}
