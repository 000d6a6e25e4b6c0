/** Memory for received packets: cut from large blocks, so that keeping a packet costs no allocation of its own. */

const slabSize = 256 * 1024;

let slab = new Uint8Array(slabSize);
let used = 0;

/** A copy that stays valid as long as somebody refers to it. */
export function keep(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = bytes.length;
  if (used + size > slabSize) {
    slab = new Uint8Array(slabSize);
    used = 0;
  }
  const out = slab.subarray(used, used + size);
  out.set(bytes);
  used += size;
  return out;
}
