import { libc, msgDontWait } from "./libc.ts";

const packetsPerCall = 128;
const iovecSize = 16;
/** `struct mmsghdr`: a `msghdr` of 56 bytes, the received length, padding. */
const messageSize = 64;
const messageLengthOffset = 56;

/** Receives many datagrams in one call, keeping only the first bytes of each. */
export class PeekReceiver {
  readonly bytes: Uint8Array;
  readonly #messages = new Uint8Array(packetsPerCall * messageSize);
  readonly #vectors = new BigUint64Array(packetsPerCall * iovecSize / 8);
  readonly #lengths = new Uint32Array(this.#messages.buffer);
  readonly #pointer: Deno.PointerValue;

  constructor(peek: number) {
    const bytes = new Uint8Array(packetsPerCall * peek);
    const base = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
    const vectorBase = Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.#vectors));
    const view = new DataView(this.#messages.buffer);
    for (let i = 0; i < packetsPerCall; i++) {
      this.#vectors[2 * i] = BigInt(base) + BigInt(i * peek);
      this.#vectors[2 * i + 1] = BigInt(peek);
      view.setBigUint64(i * messageSize + 16, BigInt(vectorBase) + BigInt(i * iovecSize), true);
      view.setBigUint64(i * messageSize + 24, 1n, true);
    }
    this.bytes = bytes;
    this.#pointer = Deno.UnsafePointer.of(this.#messages);
  }

  /** How many datagrams were there; the i-th one starts at `i × peek` of `bytes`. */
  receive(fd: number): number {
    return Math.max(0, libc().recvmmsg(fd, this.#pointer, packetsPerCall, msgDontWait, null));
  }

  /** The size of what was kept of the i-th datagram. */
  size(index: number): number {
    return this.#lengths[(index * messageSize + messageLengthOffset) / 4];
  }
}
