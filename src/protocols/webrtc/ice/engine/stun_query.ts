/** "What is my address?": one binding request to a STUN server, repeated until it is answered (RFC 8489 §6.2.1). */
import { ParseError } from "../../../../base/errors.ts";
import type { NetAddress } from "../../../../net/address.ts";
import { attributeType, findAttribute, parseStun, serializeStun, stunMethod } from "../wire/stun.ts";
import { parseMappedAddress, parseXorAddress } from "../wire/stun_values.ts";

const repeatMs = 250;
const maxAttempts = 7;

export class StunQuery {
  #result: NetAddress | null = null;
  #over = false;
  #attempts = 0;
  #dueAt = -Infinity;
  readonly #bytes: Uint8Array;

  constructor(
    private readonly transactionId: Uint8Array,
    private readonly send: (bytes: Uint8Array) => void,
  ) {
    this.#bytes = serializeStun(
      { method: stunMethod.binding, class: "request", transactionId, attributes: [] },
      { fingerprint: true },
    );
  }

  /** True once an answer came, or none in time. */
  get over(): boolean {
    return this.#over;
  }

  get result(): NetAddress | null {
    return this.#result;
  }

  /** Gives the time of the next call. */
  tick(now: number): number {
    if (this.#over) return Infinity;
    if (now >= this.#dueAt) {
      if (this.#attempts >= maxAttempts) {
        this.#over = true;
        return Infinity;
      }
      this.#dueAt = now + repeatMs * 2 ** this.#attempts;
      this.#attempts++;
      this.send(this.#bytes);
    }
    return this.#dueAt;
  }

  receive(bytes: Uint8Array): void {
    if (this.#over) return;
    try {
      const message = parseStun(bytes);
      const own = message.transactionId.every((byte, i) => byte === this.transactionId[i]);
      if (!own || message.method !== stunMethod.binding) return;
      if (message.class === "success") {
        const xor = findAttribute(message, attributeType.xorMappedAddress);
        const plain = findAttribute(message, attributeType.mappedAddress);
        if (xor !== undefined) this.#result = parseXorAddress(xor, message.transactionId);
        else if (plain !== undefined) this.#result = parseMappedAddress(plain);
      }
      this.#over = message.class === "success" || message.class === "error";
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
    }
  }
}
