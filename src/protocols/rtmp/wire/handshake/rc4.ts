/** The RC4 cipher, which RTMPE prescribes. Broken as a cipher: it hides the stream from the curious only. */
export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0; i < 256; i++) state[i] = i;
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + state[i] + key[i % key.length]) & 0xff;
      const swap = state[i];
      state[i] = state[j];
      state[j] = swap;
    }
  }

  /** Encrypts or decrypts in place. */
  apply(bytes: Uint8Array): void {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < bytes.length; at++) {
      i = (i + 1) & 0xff;
      const a = state[i];
      j = (j + a) & 0xff;
      const b = state[j];
      state[i] = b;
      state[j] = a;
      bytes[at] ^= state[(a + b) & 0xff];
    }
    this.#i = i;
    this.#j = j;
  }
}
