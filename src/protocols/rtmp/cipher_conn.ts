import type { SinkTarget } from "../../stream/sink.ts";
import type { Rc4 } from "./wire/handshake/rc4.ts";

/** Encrypts what goes out over a connection, from the moment in which a cipher is set. */
export class CipherTarget implements SinkTarget {
  #cipher: Rc4 | null = null;

  constructor(private readonly target: SinkTarget) {}

  encryptWith(cipher: Rc4): void {
    this.#cipher = cipher;
  }

  /** Each byte may pass the cipher only once: nothing is tried of what may not be taken whole. */
  tryWrite(bytes: Uint8Array): number {
    return this.#cipher === null ? this.target.tryWrite(bytes) : 0;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#cipher === null) return this.target.write(bytes);
    // The bytes are shared with other readers.
    const sealed = bytes.slice();
    this.#cipher.apply(sealed);
    return this.target.write(sealed);
  }
}
