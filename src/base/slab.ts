const slabSize = 256 * 1024;

/**
 * Hands out pieces of large buffers, so that thousands of small ones need not be allocated and collected each second.
 * A slab lives as long as any piece of it is kept.
 */
export class Slab {
  #slab = new Uint8Array(0);
  #offset = 0;

  /** A zero-filled piece that nobody else has. */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (size > slabSize / 4) return new Uint8Array(size);
    if (this.#offset + size > this.#slab.length) {
      this.#slab = new Uint8Array(slabSize);
      this.#offset = 0;
    }
    const at = this.#offset;
    this.#offset += size;
    return this.#slab.subarray(at, at + size);
  }
}
